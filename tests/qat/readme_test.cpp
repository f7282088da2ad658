// The program that README shows is the one that is built and run.
#include <gtest/gtest.h>

#include <sstream>

#include "octet/formats/file_io.h"
#include "tests/support/project_paths.h"

namespace octet {
namespace {

std::string without_indentation(const std::string& text) {
  std::istringstream lines(text);
  std::string result;
  for (std::string line; std::getline(lines, line);) {
    const size_t begin = line.find_first_not_of(' ');
    if (begin != std::string::npos) result += line.substr(begin) + "\n";
  }
  return result;
}

TEST(Readme, ShowsTheTutorial) {
  const std::string readme = read_file((source_dir() / "README.md").string());
  const std::string tutorial = read_file((source_dir() / "examples/tutorial.cpp").string());
  const std::string fence = "```cpp\n";
  const size_t begin = readme.find(fence) + fence.size();
  const std::string excerpt = readme.substr(begin, readme.find("```", begin) - begin);
  EXPECT_GT(excerpt.size(), 1000u);
  EXPECT_NE(without_indentation(tutorial).find(without_indentation(excerpt)), std::string::npos);
  const std::string save = "qat.save(\"tutorial.nnp\", vimage, {.batch_size = 1})";
  EXPECT_NE(readme.find(save), std::string::npos);
  EXPECT_NE(tutorial.find(save), std::string::npos);
}

}  // namespace
}  // namespace octet
