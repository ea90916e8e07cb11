#include "jit/disassembly.hpp"

#include <capstone/capstone.h>

#include <cstdio>

namespace paemu::jit {

std::vector<std::string> disassemble(std::span<const u8> code, u64 address, Machine machine) {
  std::vector<std::string> lines;
  csh handle = 0;
  if (cs_open(CS_ARCH_X86, machine == Machine::kHost ? CS_MODE_64 : CS_MODE_32, &handle) != CS_ERR_OK) return lines;
  const u8* bytes = code.data();
  usize left = code.size();
  cs_insn* const insn = cs_malloc(handle);
  while (left != 0) {
    char line[224];
    const u64 at = address;
    if (cs_disasm_iter(handle, &bytes, &left, &address, insn)) {
      std::snprintf(line, sizeof(line), "%08llx  %s %s", static_cast<unsigned long long>(at), insn->mnemonic,
                    insn->op_str);
    } else {
      std::snprintf(line, sizeof(line), "%08llx  (byte %02x)", static_cast<unsigned long long>(at), *bytes);
      ++bytes, --left, ++address;
    }
    lines.emplace_back(line);
  }
  cs_free(insn, 1);
  cs_close(&handle);
  return lines;
}

}  // namespace paemu::jit
