// The compiled tables of the tests: the emulator's own, and language.asl.
#pragma once

#include <vector>

#include "base/types.hpp"

namespace paemu {
extern const unsigned char dsdt_aml[];
extern const unsigned dsdt_aml_size;
extern const unsigned char language_aml[];
extern const unsigned language_aml_size;
std::vector<base::u8> slots_ssdt(base::u32 slots);  // emu/board/slots_aml.cpp
}  // namespace paemu

inline std::vector<base::u8> dsdt_table() { return {paemu::dsdt_aml, paemu::dsdt_aml + paemu::dsdt_aml_size}; }
inline std::vector<base::u8> language_table() {
  return {paemu::language_aml, paemu::language_aml + paemu::language_aml_size};
}
