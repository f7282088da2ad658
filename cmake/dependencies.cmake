# Every third-party library, found in one place; ARCHITECTURE.md says what each is for. Installed with
# the package, which sets OCTET_PACKAGE: its users need what the library is linked with, not what
# only the program and the tests are built from.
set(THREADS_PREFER_PTHREAD_FLAG ON)
find_package(Threads REQUIRED)
find_package(Torch REQUIRED)
find_package(fmt REQUIRED)
find_package(spdlog REQUIRED)
find_package(tomlplusplus REQUIRED)
find_package(LibArchive REQUIRED)
find_package(Protobuf REQUIRED)
find_package(ZLIB REQUIRED)
if(OCTET_WITH_IMAGES)
  find_package(OpenCV REQUIRED COMPONENTS core imgcodecs imgproc)
endif()
if(NOT OCTET_PACKAGE)
  # A list of libraries rather than a target, so the package knows it already.
  find_package(HDF5 REQUIRED COMPONENTS C)
  find_package(CLI11 REQUIRED)
  find_package(nlohmann_json REQUIRED)
  if(OCTET_BUILD_TESTS)
    find_package(GTest REQUIRED)
  endif()
endif()
