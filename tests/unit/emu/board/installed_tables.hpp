// Does what firmware does with the files of firmware_files(): places them and runs the loader's commands. Written from
// the protocol, apart from firmware/bios/tables.cpp, so that each checks the other.
#pragma once

#include <cstring>
#include <map>
#include <string>

#include "board/firmware_files.hpp"

namespace paemu {

struct InstalledTables {
  std::map<std::string, std::vector<u8>> files;
  std::map<std::string, u32> addresses;
  bool sound = true;  // every command was in bounds and named a file that was allocated

  InstalledTables(const MachineConfig& config, std::span<const DimmSpec> dimms) {
    for (FirmwareFile& f : firmware_files(config, dimms, Kernel::None)) files[f.name] = std::move(f.bytes);
    const std::vector<u8>& script = files.at("etc/table-loader");
    sound = script.size() % 128 == 0;
    for (usize at = 0; at + 128 <= script.size(); at += 128) run(&script[at]);
  }

  // The table at a physical address, by its own length; empty when it does not lie in the tables' file.
  std::vector<u8> table(u64 address) const {
    const std::vector<u8>& blob = files.at("etc/acpi/tables");
    const u64 offset = address - addresses.at("etc/acpi/tables");
    if (offset + 36 > blob.size()) return {};
    u32 size;
    std::memcpy(&size, &blob[offset + 4], 4);
    if (offset + size > blob.size()) return {};
    return {blob.begin() + static_cast<std::ptrdiff_t>(offset),
            blob.begin() + static_cast<std::ptrdiff_t>(offset + size)};
  }
  // The tables that the RSDT lists, and the DSDT and FACS that the FADT names, by signature.
  std::map<std::string, std::vector<u8>> tables() const {
    std::map<std::string, std::vector<u8>> found;
    const std::vector<u8> rsdt = table(number(files.at("etc/acpi/rsdp"), 16, 4));
    found["RSDT"] = rsdt;
    for (usize at = 36; at + 4 <= rsdt.size(); at += 4) {
      std::vector<u8> t = table(number(rsdt, at, 4));
      if (t.size() >= 4) found[std::string(t.begin(), t.begin() + 4)] = t;
    }
    const std::vector<u8>& fadt = found["FACP"];
    if (fadt.size() >= 44) {
      found["FACS"] = table(number(fadt, 36, 4));
      found["DSDT"] = table(number(fadt, 40, 4));
    }
    return found;
  }

  static u64 number(const std::vector<u8>& bytes, usize at, usize size) {
    u64 value = 0;
    for (usize i = 0; i < size; ++i) value |= u64{bytes.at(at + i)} << (8 * i);
    return value;
  }
  static u8 sum(const std::vector<u8>& bytes) {
    u8 total = 0;
    for (u8 b : bytes) total = static_cast<u8>(total + b);
    return total;
  }

 private:
  void run(const u8* c) {
    const auto name = [&](usize at) {
      return std::string(reinterpret_cast<const char*>(c + at), strnlen(reinterpret_cast<const char*>(c + at), 56));
    };
    const auto dword = [&](usize at) {
      u32 v;
      std::memcpy(&v, c + at, 4);
      return v;
    };
    const std::string file = name(4);
    const u32 kind = dword(0);
    if (kind == 1) {
      sound &= files.count(file) == 1 && addresses.count(file) == 0;
      addresses[file] = next_ = (next_ + dword(60) - 1) & ~(dword(60) - 1);
      next_ += static_cast<u32>(files[file].size());
      return;
    }
    sound &= addresses.count(file) == 1;
    std::vector<u8>& bytes = files[file];
    if (kind == 2) {
      const u32 offset = dword(116), size = c[120];
      sound &= addresses.count(name(60)) == 1 && offset + size <= bytes.size();
      if (!sound) return;
      u64 value = 0;
      std::memcpy(&value, &bytes[offset], size);
      value += addresses[name(60)];
      std::memcpy(&bytes[offset], &value, size);
    } else if (kind == 3) {
      const u32 offset = dword(60), start = dword(64), length = dword(68);
      sound &= offset < bytes.size() && start + length <= bytes.size() && offset >= start && offset < start + length;
      if (!sound) return;
      bytes[offset] = 0;
      u8 total = 0;
      for (u32 i = start; i < start + length; ++i) total = static_cast<u8>(total + bytes[i]);
      bytes[offset] = static_cast<u8>(-total);
    } else {
      sound = false;
    }
  }

  u32 next_ = 0x3ff00000;
};

}  // namespace paemu
