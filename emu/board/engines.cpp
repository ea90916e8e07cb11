#include "board/engines.hpp"

#include "interp/interpreter.hpp"

namespace paemu {

std::unique_ptr<ExecutionEngine> make_engine(Cpu& cpu, const EngineOptions&) {
  return std::make_unique<Interpreter>(cpu);
}

}  // namespace paemu
