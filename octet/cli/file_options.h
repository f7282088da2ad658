// Files that a command line names, held against each other before any work: one that is written
// twice, or written over another that is read, would be lost without a word.
#pragma once

#include <string>
#include <vector>

namespace octet::cli {

// A path with the option, or the positional argument, that gave it. An empty path is passed by.
struct NamedPath {
  std::string option;
  std::string path;
};

struct CommandFiles {
  std::vector<NamedPath> read_models;
  std::vector<NamedPath> read;  // whatever else is read
  // Models are written at the end, as a whole, so each may take the place of one that was read.
  std::vector<NamedPath> written_models;
  std::vector<NamedPath> written;
};

// Throws Error, naming both options, if two files to write are one file, or a file to write is one
// that is read (a written model over a read one aside). Links and relative paths are followed.
void check_files(const CommandFiles& files);

}  // namespace octet::cli
