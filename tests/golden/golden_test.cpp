// The host code of typical blocks, as blocks.txt has it: so that a change of the translator shows what it does to them.
//
// usage: jit-golden BLOCKS [--write]
// A block there is a line "== what it is" and a line "guest: BYTES"; all else is made by --write. To add a block write
// these two lines, and then `ninja -C build update-golden`.
#include <cstdio>
#include <cstring>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "../unit/emu/interp/flat_machine.hpp"
#include "jit/disassembly.hpp"
#include "jit/translator.hpp"

using namespace paemu;
using paemu::testing::FlatMachine;

namespace {

struct GoldenBlock {
  std::string name, bytes, text;  // text: all of it, as in the file
};

bool by_window(const GoldenBlock& golden) { return golden.name.ends_with(" by the window"); }
bool as_path(const GoldenBlock& golden) { return golden.name.ends_with(" as a path"); }

// Translates the first block that it comes to, of so many bytes, and no other.
class OneBlock final : public Translator {
 public:
  // window: its accesses go by the window, as those of a program that runs often.
  OneBlock(FlatMachine& m, usize size, bool window)
      : Translator(m.cpu, std::move(*CodeCache::create(CodeCache::kSmallest)), {.window_after = 0}),
        cpu_(m.cpu),
        size_(size),
        window_(window) {}
  std::vector<std::string> code;

 private:
  void execute_block(Block& block, u32 eip) override {
    u16 count = 0;
    while (count < block.count && block.insns[count].offset < size_) ++count;
    block.insns[count].handler = block.insns[block.count].handler;  // the end of the block
    block.count = count;
    block.window = window_;
    if (code.empty() && run_alone(block, eip, jit::Loops::kYes)) code = last_host_code();
    cpu_.request_stop();
  }
  Cpu& cpu_;
  const usize size_;
  const bool window_;
};

// What the guest is found in when it has run for a while.
std::vector<std::string> path_of(FlatMachine& m) {
  Translator translator(m.cpu, std::move(*CodeCache::create(CodeCache::kSmallest)), {.hot = 0, .path_after = 0});
  translator.run(3'000'000);
  TranslatorInfo info;
  translator.add_translator_info(info, 1);
  if (info.hottest.empty() || info.hottest[0].joined < 2) return {"no path"};
  return info.hottest[0].host_code;
}

std::string translate(const GoldenBlock& golden) {
  std::vector<u8> bytes;
  std::istringstream hex(golden.bytes);
  for (u32 byte; hex >> std::hex >> byte;) bytes.push_back(static_cast<u8>(byte));
  FlatMachine m;
  m.cpu.state.cr4 = cr4::kOsfxsr | cr4::kOsxmmexcpt;
  m.cpu.adopt();
  m.load(FlatMachine::kCode, bytes);
  std::vector<std::string> code;
  if (as_path(golden)) {
    code = path_of(m);
  } else {
    OneBlock translator(m, bytes.size(), by_window(golden));
    translator.run(64);
    code = translator.code;
  }

  std::string text = "== " + golden.name + "\nguest: " + golden.bytes + "\n";
  for (const std::string& line : jit::disassemble(bytes, FlatMachine::kCode, jit::Machine::kGuest))
    text += "  " + line + "\n";
  text += "host:\n";
  for (const std::string& line : code) text += "  " + line + "\n";
  return text;
}

std::vector<GoldenBlock> read(const char* path) {
  std::vector<GoldenBlock> blocks;
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with("== ")) blocks.push_back({line.substr(3), "", ""});
    if (blocks.empty()) continue;
    if (line.starts_with("guest: ")) blocks.back().bytes = line.substr(7);
    if (!line.empty()) blocks.back().text += line + "\n";
  }
  return blocks;
}

// Only the lines that differ would say little: both as a whole, for whoever reviews the change.
void show(const GoldenBlock& old, const std::string& now) {
  std::printf("--- was\n%s--- is\n%s\n", old.text.c_str(), now.c_str());
}

}  // namespace

int main(int count, char** words) {
  if (!Translator::supported()) {
    std::printf("skipped: this host's processor has no BMI2, so nothing is translated\n");
    return 77;
  }
  const std::vector<GoldenBlock> blocks = read(count > 1 ? words[1] : "");
  if (blocks.empty()) {
    std::printf("usage: jit-golden BLOCKS [--write]; BLOCKS has no block\n");
    return 2;
  }
  std::string all;
  u32 different = 0;
  for (const GoldenBlock& golden : blocks) {
    const std::string now = by_window(golden) && !jit::windows_supported() ? golden.text : translate(golden);
    all += now + "\n";
    if (now == golden.text) continue;
    if (++different <= 3) show(golden, now);
  }
  if (count > 2 && std::strcmp(words[2], "--write") == 0) {
    std::ofstream(words[1]) << all;
    std::printf("%u of %zu blocks are other than they were\n", different, blocks.size());
    return 0;
  }
  if (different != 0)
    std::printf("%u of %zu blocks differ; where that is meant, `ninja -C build update-golden` and commit the file\n",
                different, blocks.size());
  return different != 0;
}
