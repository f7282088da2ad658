// Parameters as binary protobuf (`parameter.protobuf` in a .nnp). The format holds float32 only.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "octet/formats/nnp/stored_parameter.h"

namespace octet {

// The parameters in the order of the file. Throws FileError, prefixed with `where`, for bytes that
// are not of the format and for a shape that does not fit its data.
std::vector<StoredParameter> parse_parameter_protobuf(std::string_view bytes,
                                                      const std::string& where);

// Values of other types are converted to float32. Throws Error for parameters that together pass
// protobuf's limit of 2 GiB.
std::string format_parameter_protobuf(const std::vector<StoredParameter>& parameters);

}  // namespace octet
