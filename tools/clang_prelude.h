// Read before every file by clang: by clang-tidy (run_clang_tidy.py) and for the libFuzzer programs
// (cmake/compiler.cmake). g++ does not need it.
//
// In C++20 libstdc++'s std::vector is constexpr. clang then instantiates its members where g++ does
// not yet, and stops at libtorch's vectors of types that are still incomplete. Here std::vector is
// read as it was in C++17. Its one function that was declared before, as constexpr, gets another
// name.
#pragma once

#include <memory>
#include <string>

#pragma push_macro("_GLIBCXX20_CONSTEXPR")
#undef _GLIBCXX20_CONSTEXPR
#define _GLIBCXX20_CONSTEXPR
#define __fill_a1 __fill_a1_of_vector
#include <vector>
#undef __fill_a1
#pragma pop_macro("_GLIBCXX20_CONSTEXPR")
