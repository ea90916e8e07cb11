// ExecutionEngine: what runs the guest's code on one processor. The interpreter is one, the translator is another.
//
// All engines leave the same state behind at every retired count: which one runs is no part of the machine's
// configuration, and a trace that was recorded with one replays with another. Between two calls the processor's state
// is settled and exact.
//
// Called by board's run loop.
#pragma once

#include <functional>

#include "base/types.hpp"

namespace paemu {

using namespace base;

class CodeNames;        // replay/host_interfaces.hpp
struct TranslatorInfo;  // cpu/translator_info.hpp

class ExecutionEngine {
 public:
  virtual ~ExecutionEngine() = default;

  // Runs until `max_ticks` more instructions have retired, or earlier: the processor is not kRunning any more, a device
  // asked to stop (Cpu::request_stop), or an event has become due because a device armed it meanwhile
  // (Cpu::shorten_budget). Delivers pending interrupts at entry and between instructions. A repeated string
  // instruction counts as one retired instruction an iteration; so does the delivery of an exception or interrupt.
  // VirtualClock::retired says how far it came.
  virtual void run(u64 max_ticks) = 0;

  // A processor that waits goes on if it may (cpu/exceptions.hpp, wake). -> is it running?
  virtual bool wake() = 0;

  // Forgets all decoded and translated code (a snapshot was loaded).
  virtual void flush_code() = 0;

  // Writes every instruction with the registers before it to the log. Slow.
  virtual void set_trace(bool on) = 0;

  // Adds what its translator has to tell, with the `hottest` blocks that ran most. -> does it translate?
  virtual bool add_translator_info(TranslatorInfo&, u32 /*hottest*/) const { return false; }
};

enum class EngineKind : u8 { kInterpreter, kTranslator, kVerify };

// How to run, as opposed to what: not written into traces.
struct EngineOptions {
  static constexpr u64 kSmallestCodeCache = 1 * kMiB, kLargestCodeCache = 1 * kGiB;

  EngineKind kind = EngineKind::kInterpreter;
  u64 code_cache_size = 256 * kMiB;  // of all processors together
  CodeNames* code_names = nullptr;   // who is told of translated code; outlives the machine
  std::function<void()> on_difference = {};  // of kVerify: the engines differ, and the log says how
};

}  // namespace paemu
