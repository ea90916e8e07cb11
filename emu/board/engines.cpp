#include "board/engines.hpp"

#include <algorithm>

#include "interp/interpreter.hpp"
#include "jit/verifier.hpp"

namespace paemu {

std::unique_ptr<ExecutionEngine> make_engine(Cpu& cpu, const EngineOptions& options, u32 processors) {
  if (options.kind != EngineKind::kInterpreter) {
    const u64 share = std::clamp(options.code_cache_size / processors, CodeCache::kSmallest, CodeCache::kLargest);
    Or<std::unique_ptr<CodeCache>> cache = CodeCache::create(share);
    if (Translator::supported() && cache) {
      std::unique_ptr<Translator> engine;
      if (options.kind == EngineKind::kVerify)
        engine = std::make_unique<Verifier>(cpu, std::move(*cache), options.on_difference);
      else
        engine = std::make_unique<Translator>(cpu, std::move(*cache));
      if (options.code_names != nullptr) engine->tell(*options.code_names);
      return engine;
    }
    // It would be slower, not different.
    cpu.log.once("no translator",
                 cache ? "paemu: this host's processor has no BMI2, which translated code needs; interpreting"
                       : "paemu: interpreting, since " + cache.error().sentence);
  }
  return std::make_unique<Interpreter>(cpu);
}

}  // namespace paemu
