#include "replay/version.hpp"

namespace paemu {

const char* const kNameAndVersion = "paemu " PAEMU_VERSION;

}  // namespace paemu
