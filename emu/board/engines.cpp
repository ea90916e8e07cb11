#include "board/engines.hpp"

#include "interp/interpreter.hpp"
#include "jit/verifier.hpp"

namespace paemu {

std::unique_ptr<ExecutionEngine> make_engine(Cpu& cpu, const EngineOptions& options) {
  if (options.kind != EngineKind::kInterpreter) {
    Or<std::unique_ptr<CodeCache>> cache = CodeCache::create(CodeCache::kDefault);
    if (Translator::supported() && cache) {
      if (options.kind == EngineKind::kVerify)
        return std::make_unique<Verifier>(cpu, std::move(*cache), options.on_difference);
      return std::make_unique<Translator>(cpu, std::move(*cache));
    }
    // It would be slower, not different.
    cpu.log.once("no translator",
                 cache ? "paemu: this host's processor has no BMI2, which translated code needs; interpreting"
                       : "paemu: interpreting, since " + cache.error().sentence);
  }
  return std::make_unique<Interpreter>(cpu);
}

}  // namespace paemu
