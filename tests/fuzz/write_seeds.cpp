// write_fuzz_seeds FOLDER: the valid files of each reader, as FOLDER/<reader>/<number>.
#include <filesystem>

#include "octet/formats/file_io.h"
#include "tests/fuzz/readers.h"

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  for (const octet::fuzz::Reader& reader : octet::fuzz::readers()) {
    const std::filesystem::path folder = std::filesystem::path(argv[1]) / reader.name;
    std::filesystem::create_directories(folder);
    int number = 0;
    for (const std::string& seed : reader.seeds()) {
      octet::write_file_atomically((folder / std::to_string(number++)).string(), seed);
    }
  }
  return 0;
}
