// The guest's side of the speed benchmark: rounds of one row. Built freestanding and loaded at a fixed address. The
// double words at kRow and kRounds say what to run and how often; 0 rounds: endless. At the end it ends the emulator.
#include "guest_rows.hpp"

namespace {

using namespace rows;

constexpr u32 kResult = 0x90000;  // written after each round
constexpr u32 kRounds = 0x90004, kRow = 0x90008;

volatile u32& word_at(u32 address) { return *reinterpret_cast<volatile u32*>(address); }

void out(u16 port, u8 value) { asm volatile("outb %0, %1" : : "a"(value), "Nd"(port)); }

// Exit status 1 from paemu's debug-exit port; Bochs ends when it reads "Shutdown" at port 0x8900.
[[noreturn]] void end() {
  out(0x501, 0);
  for (const char c : "Shutdown") out(0x8900, static_cast<u8>(c));
  for (;;) asm volatile("hlt");
}

void enable_fpu() {
  u32 cr0, cr4;
  asm volatile("mov %%cr0, %0" : "=r"(cr0));
  asm volatile("mov %0, %%cr0; fninit" : : "r"((cr0 & ~0xcu) | 0x22));  // EM and TS off; MP and NE on
  asm volatile("mov %%cr4, %0" : "=r"(cr4));
  asm volatile("mov %0, %%cr4" : : "r"(cr4 | 0x600));  // OSFXSR, OSXMMEXCPT
}

u32 nothing() { return 0; }

}  // namespace

extern "C" __attribute__((section(".start"), noreturn)) void start() {
  static u32 (*const kRounders[])() = {integer_round, x87_round, sse_round, string_round, call_round, nothing};
  enable_fpu();
  u32 (*const round)() = kRounders[word_at(kRow)];
  for (u32 result = 0;;) {
    result += round();
    word_at(kResult) = result;
    if (const u32 left = word_at(kRounds); left != 0) {
      if (left == 1) end();
      word_at(kRounds) = left - 1;
    }
  }
}
