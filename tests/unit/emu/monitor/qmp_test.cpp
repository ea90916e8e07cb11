// QMP: the conversation that clients hold.
#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "fake_control.hpp"
#include "monitor/handlers.hpp"
#include "monitor/json_reader.hpp"
#include "monitor/session.hpp"

using namespace paemu;
using namespace paemu::monitor;

namespace {

struct Client {
  FakeControl control;
  std::string received;
  std::unique_ptr<Session> session =
      make_qmp_session(control.monitor, [this](std::string_view text) { received += text; });

  explicit Client(bool negotiate = true) {
    session->opened();
    if (negotiate) (void)next(), (void)ask(R"({"execute":"qmp_capabilities"})");
  }
  void send(std::string_view text) {
    session->receive(std::span(reinterpret_cast<const u8*>(text.data()), text.size()));
  }
  Json next() {
    const usize end = received.find("\r\n");
    if (end == std::string::npos) return {};
    Json message = Json::parse(received.substr(0, end));
    received.erase(0, end + 2);
    return message;
  }
  Json ask(std::string_view text) {
    send(text);
    return next();
  }
};

}  // namespace

TEST_CASE("a session begins with the greeting and the negotiation") {
  Client c(false);
  CHECK(c.next().dump() ==
        R"({"QMP":{"capabilities":[],"version":{"package":"","qemu":{"major":7,"micro":0,"minor":2}}}})");
  CHECK(c.ask(R"({"execute":"query-status"})")["error"]["class"] == "CommandNotFound");
  CHECK(c.ask(R"({"execute":"qmp_capabilities","id":"libvirt-1"})").dump() == R"({"id":"libvirt-1","return":{}})");
  CHECK(c.ask(R"({"execute":"qmp_capabilities"})")["error"]["class"] == "CommandNotFound");
  CHECK(c.ask(R"({"execute":"query-status"})")["return"]["status"] == "running");
}

TEST_CASE("messages may come in pieces, several at once, and over several lines") {
  Client c;
  c.send("{\"execute\":\n \"query-");
  CHECK(c.received.empty());
  c.send("name\", \"id\": 7}{\"execute\":\"query-kvm\"}");
  CHECK(c.next()["id"] == 7);
  CHECK(c.next()["return"]["present"] == false);
}

TEST_CASE("what is wrong with a message is said, and the session goes on") {
  Client c;
  CHECK(c.ask("nonsense\n")["error"]["class"] == "GenericError");
  CHECK(c.ask("{\"execute\": }\n")["error"]["class"] == "GenericError");
  CHECK(c.ask(R"({"execute":"frobnicate","id":1})")["error"] ==
        Json({{"class", "CommandNotFound"}, {"desc", "The command frobnicate has not been found"}}));
  CHECK(c.ask(R"({"execute":"stop","arguments":{"x":1}})")["error"]["desc"] == "Parameter 'x' is unexpected");
  CHECK(c.ask(R"({"execute":"device_del"})")["error"]["desc"] == "Parameter 'id' is missing");
  CHECK(c.ask(R"({"execute":"device_del","arguments":{"id":3}})")["error"]["desc"] ==
        "Invalid parameter type for 'id', expected: string");
  CHECK(c.ask(R"({"execute":"device_del","arguments":[]})")["error"]["class"] == "GenericError");
  CHECK(c.ask(R"({"execute":5})")["error"]["class"] == "GenericError");
  CHECK(c.ask(R"({"run":"stop"})")["error"]["desc"] == "QMP input member 'run' is unexpected");
  CHECK(c.ask(R"({"execute":"device_del","arguments":{"id":"x"}})")["error"] ==
        Json({{"class", "DeviceNotFound"}, {"desc", "Device 'x' not found"}}));
  CHECK(c.ask(R"({"execute":"query-status"})").contains("return"));
}

TEST_CASE("a DIMM comes and goes as libvirt does it") {
  Client c;
  CHECK(
      c.ask(
          R"({"execute":"object-add","arguments":{"qom-type":"memory-backend-ram","id":"memdimm0","size":536870912}})")
          ["return"] == Json::object());
  CHECK(
      c.ask(
          R"({"execute":"device_add","arguments":{"driver":"pc-dimm","node":0,"memdev":"memdimm0","id":"dimm0","slot":0}})")
          ["return"] == Json::object());
  const Json devices = c.ask(R"({"execute":"query-memory-devices"})")["return"];
  REQUIRE(devices.size() == 1);
  CHECK(devices[0]["type"] == "dimm");
  CHECK(devices[0]["data"]["memdev"] == "/objects/memdimm0");
  CHECK(c.ask(R"({"execute":"qom-list","arguments":{"path":"/machine/peripheral"}})")["return"].dump() ==
        R"([{"name":"dimm0","type":"child<pc-dimm>"}])");
  CHECK(c.ask(R"({"execute":"device_del","arguments":{"id":"dimm0"}})")["return"] == Json::object());
  c.control.fake.tell({.kind = MachineEvent::Kind::AcpiDeviceOst, .device = "dimm0", .source = 3, .status = 132});
  const Json ost = c.next();
  CHECK(ost["event"] == "ACPI_DEVICE_OST");
  CHECK(ost["data"]["info"].dump() == R"({"device":"dimm0","slot":"0","slot-type":"DIMM","source":3,"status":132})");
  CHECK(ost["timestamp"].dump() == R"({"microseconds":34,"seconds":12})");
  c.control.fake.release("dimm0");
  CHECK(c.next()["data"].dump() == R"({"device":"dimm0","path":"/machine/peripheral/dimm0"})");
  CHECK(c.ask(R"({"execute":"object-del","arguments":{"id":"memdimm0"}})")["return"] == Json::object());
}

TEST_CASE("the nested properties of older clients are taken") {
  Client c;
  CHECK(
      c.ask(
           R"({"execute":"object-add","arguments":{"qom-type":"memory-backend-ram","id":"m","props":{"size":134217728}}})")
          .contains("return"));
  CHECK(c.control.monitor.backends()["m"].size == 128 * kMiB);
  CHECK(c.ask(R"({"execute":"object-add","arguments":{"qom-type":"memory-backend-ram","id":"n","props":{"size":"x"}}})")
            .contains("error"));
}

TEST_CASE("human-monitor-command gives what HMP prints") {
  Client c;
  CHECK(c.ask(R"({"execute":"human-monitor-command","arguments":{"command-line":"info status"}})")["return"] ==
        "VM status: running\n");
}

TEST_CASE("length and depth of a message are limited") {
  std::string error;
  usize objects = 0;
  JsonReader reader([&](const std::string&) { ++objects; }, [&](const char* e) { error = e; });
  const auto take = [&](const std::string& text) {
    reader.take(std::span(reinterpret_cast<const u8*>(text.data()), text.size()));
  };
  take("{\"a\":" + std::string(70, '[') + "\n");
  CHECK(error == "JSON nesting depth limit exceeded");
  error.clear();
  take("{\"a\":\"" + std::string(JsonReader::kMaxLength, 'x') + "\n");
  CHECK(error == "JSON token size limit exceeded");
  take("{\"a\":\"}\\\"{\"}");
  CHECK(objects == 1);
}

TEST_CASE("random bytes leave the session in order") {
  Client c;
  u32 seed = 7;
  const auto next = [&] { return seed = seed * 1664525 + 1013904223, seed >> 16; };
  const std::vector<std::string> pieces = {"{",
                                           "}",
                                           "[",
                                           "]",
                                           "\"",
                                           ":",
                                           ",",
                                           "\"execute\"",
                                           "\"stop\"",
                                           "\"id\"",
                                           "1",
                                           "null",
                                           "\\",
                                           "\n",
                                           "\xff",
                                           "\"arguments\"",
                                           "\"object-add\"",
                                           "-1",
                                           "1e999",
                                           "{\"execute\":\"query-status\"}"};
  for (int i = 0; i < 50000; ++i) c.send(pieces[next() % pieces.size()]);
  c.send("\"\n}}}}}}\n\n");
  c.session->closed();
  c.session->opened();
  c.received.clear();
  CHECK(c.ask(R"({"execute":"qmp_capabilities"})").contains("return"));
}
