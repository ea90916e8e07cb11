// Prints, a line each: the magic, the flags, the command line, the boot loader's name, the module's text, the memory
// map, whether .bss was zero, and the ACPI tables found through the EBDA with their checksums. Ends by the debug-exit
// port.

#include "abi/ports.hpp"
#include "base/types.hpp"

namespace {

using namespace base;

void out8(u32 port, u8 value) { asm volatile("outb %0, %w1" : : "a"(value), "Nd"(port)); }

void put(char c) { out8(abi::port::kCom1, static_cast<u8>(c)); }
void put(const char* text) {
  for (; *text != '\0'; ++text) put(*text);
}
void put_hex(u64 value) {
  bool started = false;
  for (int shift = 60; shift >= 0; shift -= 4) {
    const u32 digit = static_cast<u32>(value >> shift) & 15;
    started |= digit != 0 || shift == 0;
    if (started) put("0123456789abcdef"[digit]);
  }
}
void line(const char* name, const char* value) { put(name), put('='), put(value), put('\n'); }
void line(const char* name, u64 value) { put(name), put('='), put_hex(value), put('\n'); }

template <class T>
T* at(u32 address) {
  asm("" : "+r"(address));
  return reinterpret_cast<T*>(address);
}

bool sums_to_zero(u32 address, u32 size) {
  u8 sum = 0;
  for (u32 i = 0; i < size; ++i) sum = static_cast<u8>(sum + *at<u8>(address + i));
  return sum == 0;
}

void show_tables() {
  for (u32 a = 0xe0000; a < 0x100000; a += 16) {  // ACPI 5.2.5.1
    if (*at<u64>(a) != 0x2052545020445352) continue;  // "RSD PTR "
    line("rsdp", sums_to_zero(a, 20) ? "good" : "bad");
    const u32 rsdt = *at<u32>(a + 16);
    const u32 size = *at<u32>(rsdt + 4);
    for (u32 entry = rsdt + 36; entry < rsdt + size; entry += 4) {
      const u32 table = *at<u32>(entry);
      for (u32 i = 0; i < 4; ++i) put(*at<char>(table + i));
      line("", sums_to_zero(table, *at<u32>(table + 4)) ? "good" : "bad");
    }
  }
}

u32 zeroes[64];

}  // namespace

extern "C" void told(u32 magic, u32 information) {
  const u32* info = at<u32>(information);
  line("magic", magic);
  line("flags", info[0]);
  line("lower", info[1]);
  line("upper", info[2]);
  line("command", at<const char>(info[4]));
  line("loader", at<const char>(info[16]));
  if (info[5] > 0) {
    const u32* module = at<u32>(info[6]);
    line("module_size", module[1] - module[0]);
    line("module_aligned", module[0] % 4096 == 0 ? "yes" : "no");
    put("module=");
    for (u32 a = module[0]; a < module[1]; ++a) put(*at<char>(a));
    put('\n');
  }
  for (u32 entry = info[12]; entry < info[12] + info[11]; entry += *at<u32>(entry) + 4) {
    put("map="), put_hex(*at<u64>(entry + 4)), put(' '), put_hex(*at<u64>(entry + 12)), put(' ');
    put_hex(*at<u32>(entry + 20)), put('\n');
  }
  u32 dirty = 0;
  for (u32 word : zeroes) dirty |= word;
  asm volatile("" : : "r"(zeroes) : "memory");
  line("bss", dirty == 0 ? "zero" : "dirty");
  show_tables();
  out8(abi::port::kDebugExit, 0);
  for (;;) asm volatile("cli; hlt");
}
