// Commands about drives and the media in them. Shapes: QEMU's qapi/block-core.json.
#include <nlohmann/json.hpp>

#include "base/size_text.hpp"
#include "monitor/handlers.hpp"
#include "replay/arrival.hpp"
#include "replay/drive.hpp"

namespace paemu::monitor::handle {
namespace {

const Drive* find_drive(Monitor& m, const std::string& id) {
  for (const Drive* drive : m.machine().drives())
    if (drive->id() == id) return drive;
  return nullptr;
}

const DriveSpec* spec_of(Monitor& m, const std::string& id) {
  for (const DriveSpec& spec : m.machine().config().drives)
    if (spec.id == id) return &spec;
  return nullptr;
}

// QMP names a drive by "device" or, in newer clients, by "id".
std::string drive_name(const Json& a) { return a.value("device", a.value("id", "")); }

// A drive whose medium can be taken out now. One that the guest has locked is asked to let it go.
base::Result<const Drive*, CommandError> openable(Monitor& m, const std::string& id, bool force) {
  const Drive* drive = find_drive(m, id);
  const DriveSpec* spec = spec_of(m, id);
  if (drive == nullptr || spec == nullptr) return device_not_found(id);
  if (!spec->removable())
    return base::Failure{CommandError{ErrorClass::Generic, "Device '" + id + "' is not removable"}};
  if (!drive->state().locked || drive->state().open || force) return drive;
  if (auto asked = m.control().submit(arrival::eject_button(id)); !asked)
    return base::Failure{CommandError{ErrorClass::Generic, asked.error().sentence}};
  return base::Failure{
      CommandError{ErrorClass::Generic, "Device '" + id +
                                            "' is locked and force was not specified, wait for tray to "
                                            "open and try again"}};
}

Json inserted(const Drive& drive) {
  const MediumSpec& medium = drive.state().medium;
  const u64 size = medium.sectors * kSectorSize;
  return {{"file", medium.name},
          {"node-name", drive.id()},
          {"ro", medium.read_only},
          {"drv", "raw"},
          {"backing_file_depth", 0},
          {"encrypted", false},
          {"detect_zeroes", "off"},
          {"bps", 0},
          {"bps_rd", 0},
          {"bps_wr", 0},
          {"iops", 0},
          {"iops_rd", 0},
          {"iops_wr", 0},
          {"write_threshold", 0},
          {"cache", {{"writeback", true}, {"direct", false}, {"no-flush", false}}},
          {"image", {{"filename", medium.name}, {"format", "raw"}, {"virtual-size", size}, {"dirty-flag", false}}}};
}

}  // namespace

Reply query_block(Monitor& m, const Json& a) {
  const std::string wanted = a.value("device", "");
  if (!wanted.empty() && find_drive(m, wanted) == nullptr) return device_not_found(wanted);
  Json list = Json::array();
  for (const Drive* drive : m.machine().drives()) {
    const DriveSpec* spec = spec_of(m, drive->id());
    if (spec == nullptr || (!wanted.empty() && drive->id() != wanted)) continue;
    const Drive::State& state = drive->state();
    Json entry{{"device", drive->id()},
               {"qdev", drive->id()},
               {"type", "unknown"},
               {"locked", state.locked},
               {"removable", spec->removable()}};
    if (spec->kind == DriveKind::kCdrom) entry["tray_open"] = state.open;
    if (state.medium.number != 0) {
      entry["io-status"] = "ok";
      entry["inserted"] = inserted(*drive);
    }
    list.push_back(std::move(entry));
  }
  return list;
}

Reply query_blockstats(Monitor& m, const Json&) {
  Json list = Json::array();
  for (const Drive* drive : m.machine().drives()) {
    const Drive::State& s = drive->state();
    list.push_back({{"device", drive->id()},
                    {"stats",
                     {{"rd_bytes", s.bytes_read},
                      {"wr_bytes", s.bytes_written},
                      {"rd_operations", s.reads},
                      {"wr_operations", s.writes},
                      {"flush_operations", s.flushes},
                      {"failed_operations", s.errors}}}});
  }
  return list;
}

Reply eject(Monitor& m, const Json& a) {
  const std::string id = drive_name(a);
  const Drive* const drive = TRY(openable(m, id, a.value("force", false)));
  if (drive->state().medium.number == 0) return Json::object();
  TRY(m.control().submit(arrival::medium_change(id, {})));
  return Json::object();
}

// The image is opened first: a mistyped name leaves the old medium in.
Reply change(Monitor& m, const Json& a) {
  const std::string id = drive_name(a), path = a.contains("target") ? a["target"] : a["filename"];
  if (const std::string format = a.value("format", "raw"); format != "raw")
    return base::fail("Unknown driver '" + format + "'; images are raw");
  const std::string mode = a.value("read-only-mode", "retain");
  if (mode != "retain" && mode != "read-only" && mode != "read-write")
    return base::fail("read-only-mode \"" + mode + "\" is none of retain, read-only and read-write");
  const Drive* drive = TRY(openable(m, id, a.value("force", false)));
  const bool read_only = spec_of(m, id)->kind == DriveKind::kCdrom || mode == "read-only" ||
                         (mode == "retain" && drive->state().medium.number != 0 && drive->read_only());
  const MediumSpec medium = TRY(m.control().open_medium(path, read_only));
  if (auto submitted = m.control().submit(arrival::medium_change(id, medium)); !submitted) {
    m.control().discard_medium(medium.number);
    return base::Failure{std::move(submitted.error())};
  }
  return Json::object();
}

// "all", or one drive: what -snapshot kept apart goes into the image.
Reply commit(Monitor& m, const Json& a) {
  const std::string wanted = a["device"];
  if (wanted != "all" && find_drive(m, wanted) == nullptr) return device_not_found(wanted);
  for (const Drive* drive : m.machine().drives()) {
    const u32 number = drive->state().medium.number;
    if (number == 0 || (wanted != "all" && drive->id() != wanted)) continue;
    base::Or<> done = m.control().commit_medium(number);
    if (!done && wanted != "all") return base::fail("drive '" + drive->id() + "': " + done.error().sentence);
  }
  return Json::object();
}

}  // namespace paemu::monitor::handle
