// Translated code as text, with names in place of addresses: of the processor's state, the context, the ways out, and
// labels. So the text of a block does not depend on the host, the build or the run.
#pragma once

#include <string>
#include <vector>

#include "cpu/cpu.hpp"
#include "jit/code_cache.hpp"
#include "jit/thunks.hpp"
#include "jit/translation.hpp"

namespace paemu::jit {

// A line an instruction or label. `t` lies in `cache`.
std::vector<std::string> host_code_text(const Translation& t, const Cpu& cpu, const CodeCache& cache,
                                        const Thunks& thunks);

}  // namespace paemu::jit
