# libtorch from PyPI brings headers of fmt and protobuf along, of other versions than the libraries
# that are linked here. Its include directories go to the end of the search, behind the system's.
foreach(target torch torch_library torch_cpu torch_cpu_library torch_cuda torch_cuda_library c10
               c10_cuda)
  if(NOT TARGET ${target})
    continue()
  endif()
  get_target_property(directories ${target} INTERFACE_INCLUDE_DIRECTORIES)
  foreach(directory ${directories})
    if(NOT EXISTS ${directory}/fmt AND NOT EXISTS ${directory}/google/protobuf
       OR directory STREQUAL "/usr/include")
      continue()
    endif()
    list(REMOVE_ITEM directories ${directory})
    set_target_properties(${target} PROPERTIES INTERFACE_INCLUDE_DIRECTORIES "${directories}")
    set_property(TARGET ${target} APPEND PROPERTY INTERFACE_COMPILE_OPTIONS
                 "SHELL:-idirafter ${directory}")
  endforeach()
endforeach()
# Its package file declares an empty target under this name, which hides the real library.
if(TARGET dummy)
  set(OCTET_PROTOBUF_LIBRARY ${Protobuf_LIBRARIES})
else()
  set(OCTET_PROTOBUF_LIBRARY protobuf::libprotobuf)
endif()
