# Language standard, warnings and instrumentation shared by every target.
set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
if(NOT CMAKE_RUNTIME_OUTPUT_DIRECTORY)
  set(CMAKE_RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR})
endif()

find_program(CCACHE_PROGRAM ccache)
if(CCACHE_PROGRAM)
  # The sloppiness settings are the ones that ccache's manual asks for with precompiled headers. A
  # precompiled header differs byte for byte between two folders; what it is made of (see
  # octet_describe_precompiled_header) counts instead, and paths relative to the sources, so that
  # one clone finds what another has compiled.
  set(CMAKE_CXX_COMPILER_LAUNCHER
      ${CMAKE_COMMAND} -E env CCACHE_SLOPPINESS=pch_defines,time_macros,include_file_mtime,include_file_ctime
      CCACHE_BASEDIR=${PROJECT_SOURCE_DIR} CCACHE_PCH_EXTSUM=true ${CCACHE_PROGRAM})
endif()

# Tells ccache what the precompiled header of a target in this folder consists of.
function(octet_describe_precompiled_header target header)
  file(SHA256 ${header} digest)
  file(GENERATE OUTPUT ${CMAKE_CURRENT_BINARY_DIR}/CMakeFiles/${target}.dir/cmake_pch.hxx.gch.sum
       CONTENT "${digest} ${CMAKE_CXX_COMPILER_VERSION} ${CMAKE_BUILD_TYPE} ${OCTET_SANITIZE}
Torch ${Torch_VERSION} fmt ${fmt_VERSION}\n")
endfunction()

# Attributes and options are written as {.field = value}; what is left out has its default.
add_library(octet_compile_options INTERFACE)
target_compile_options(octet_compile_options INTERFACE -Wall -Wextra -Wno-unused-parameter
                       -Wno-missing-field-initializers)
if(OCTET_WERROR)
  target_compile_options(octet_compile_options INTERFACE -Werror)
endif()
if(OCTET_SANITIZE)
  target_compile_options(octet_compile_options INTERFACE -fsanitize=address,undefined
                         -fno-omit-frame-pointer -fno-sanitize-recover=undefined -O1 -g1)
  target_link_options(octet_compile_options INTERFACE -fsanitize=address,undefined)
endif()
if(OCTET_FUZZ)
  if(NOT CMAKE_CXX_COMPILER_ID MATCHES "Clang")
    message(FATAL_ERROR "OCTET_FUZZ needs clang, whose libFuzzer it uses: -D CMAKE_CXX_COMPILER=clang++")
  endif()
  target_compile_options(octet_compile_options INTERFACE -fsanitize=fuzzer-no-link,address -O1 -g1
                         "SHELL:-include ${PROJECT_SOURCE_DIR}/tools/clang_prelude.h")
  target_link_options(octet_compile_options INTERFACE -fsanitize=address)
endif()
