// Making the engine that was asked for.
#pragma once

#include <memory>

#include "cpu/cpu.hpp"
#include "cpu/execution_engine.hpp"

namespace paemu {

// It runs `cpu`, one of so many processors, and is told of changes to its memory.
std::unique_ptr<ExecutionEngine> make_engine(Cpu& cpu, const EngineOptions& options, u32 processors);

}  // namespace paemu
