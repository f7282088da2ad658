#include "octet/formats/file_io.h"

#include <sys/resource.h>
#include <sys/stat.h>

#include <csignal>

#include "tests/formats/format_test_support.h"

namespace octet {
namespace {

TEST(FileIo, ReadsWhatItWrote) {
  const TemporaryFolder folder;
  const std::string path = folder.file("a.bin");
  write_file_atomically(path, std::string_view("one\0two", 7));
  EXPECT_EQ(read_file(path), std::string("one\0two", 7));
  write_file_atomically(path, "");
  EXPECT_EQ(read_file(path), "");
  EXPECT_EQ(file_size(path), 0);
}

TEST(FileIo, LeavesNothingBesideTheFile) {
  const TemporaryFolder folder;
  write_file_atomically(folder.file("a.bin"), "first");
  write_file_atomically(folder.file("a.bin"), "second");
  int count = 0;
  for ([[maybe_unused]] const auto& entry : std::filesystem::directory_iterator(folder.path())) {
    ++count;
  }
  EXPECT_EQ(count, 1);
}

TEST(FileIo, GivesTheUsualPermissions) {
  const TemporaryFolder folder;
  const std::string path = folder.write("a.bin", "x");
  const mode_t mask = ::umask(0);
  ::umask(mask);
  struct stat status {};
  ASSERT_EQ(::stat(path.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0666 & ~mask);
}

TEST(FileIo, SaysWhyAFileCannotBeRead) {
  const TemporaryFolder folder;
  const std::string missing = folder.file("missing");
  EXPECT_EQ(error_of([&] { read_file(missing); }),
            "[" + missing + "] cannot be read: No such file or directory");
  const std::string itself = folder.path().string();
  EXPECT_EQ(error_of([&] { read_file(itself); }), "[" + itself + "] is not a regular file");
  const std::string big = folder.write("big", "12345");
  EXPECT_EQ(error_of([&] { read_file(big, 4); }),
            "[" + big + "] has 5 bytes, more than the 4 that are accepted");
}

TEST(FileIo, SaysWhyAFileCannotBeWrittenAndLeavesNothing) {
  const TemporaryFolder folder;
  const std::string nowhere = folder.file("no/such/folder.bin");
  EXPECT_EQ(error_of([&] { write_file_atomically(nowhere, "x"); }),
            "[" + nowhere + "] cannot be written: No such file or directory");
  std::filesystem::create_directory(folder.path() / "taken");
  const std::string taken = folder.file("taken");
  EXPECT_EQ(error_of([&] { write_file_atomically(taken, "x"); }),
            "[" + taken + "] cannot be written: is not a regular file");
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder.path()), {}), 1);
}

// The limit on the size of files makes the second write fail halfway.
TEST(FileIo, KeepsTheOldFileWhenWritingFails) {
  const TemporaryFolder folder;
  const std::string path = folder.write("a.bin", "old");
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &before), 0);
  rlimit small = before;
  small.rlim_cur = 1000;
  const auto previous_handler = std::signal(SIGXFSZ, SIG_IGN);
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &small), 0);
  const std::string message =
      error_of([&] { write_file_atomically(path, std::string(100000, 'x')); });
  ::setrlimit(RLIMIT_FSIZE, &before);
  std::signal(SIGXFSZ, previous_handler);
  EXPECT_EQ(message, "[" + path + "] cannot be written: File too large");
  EXPECT_EQ(read_file(path), "old");
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder.path()), {}), 1);
}

}  // namespace
}  // namespace octet
