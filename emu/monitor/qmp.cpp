// QmpSession: the JSON codec, by QEMU's docs/interop/qmp-spec. Each message is one line, ended by CR LF.
#include <nlohmann/json.hpp>

#include "monitor/handlers.hpp"
#include "monitor/json_reader.hpp"
#include "monitor/session.hpp"

namespace paemu::monitor {
namespace {

bool fits(const Json& value, Type type) {
  switch (type) {
    case Type::Integer:
    case Type::Size:
    case Type::Bytes: return value.is_number_unsigned();
    case Type::Switch: return value.is_boolean();
    case Type::Any: return true;
    default: return value.is_string();
  }
}

const char* type_name(Type type) {
  switch (type) {
    case Type::Integer:
    case Type::Size:
    case Type::Bytes: return "integer";
    case Type::Switch: return "boolean";
    default: return "string";
  }
}

base::Or<> check_arguments(const Command& command, const Json& arguments) {
  for (const auto& [key, value] : arguments.items()) {
    const Argument* argument = nullptr;
    for (const Argument& candidate : command.arguments)
      if (candidate.name == key) argument = &candidate;
    // object-add takes more properties of a backend than matter here (prealloc, share, ...).
    if (argument == nullptr && command.qmp == "object-add") continue;
    if (argument == nullptr) return base::fail("Parameter '" + key + "' is unexpected");
    if (!fits(value, argument->type))
      return base::fail("Invalid parameter type for '" + key + "', expected: " + type_name(argument->type));
  }
  for (const Argument& argument : command.arguments)
    if (!argument.optional && !arguments.contains(argument.name))
      return base::fail("Parameter '" + argument.name + "' is missing");
  return {};
}

class QmpSession final : public Session {
 public:
  QmpSession(Monitor& monitor, Write write)
      : monitor_(monitor),
        write_(std::move(write)),
        reader_([this](const std::string& text) { object(text); },
                [this](const char* reason) {
                  error({}, {ErrorClass::Generic, reason});
                }) {
    monitor_.add_listener(*this);
  }
  ~QmpSession() override { monitor_.remove_listener(*this); }

  void opened() override {
    open_ = true;
    negotiated_ = false;
    reader_.clear();
    Json version{{"qemu", {{"major", 7}, {"minor", 2}, {"micro", 0}}}, {"package", ""}};
    send({{"QMP", {{"version", std::move(version)}, {"capabilities", Json::array()}}}});
  }
  void closed() override { open_ = false; }
  void receive(std::span<const u8> bytes) override { reader_.take(bytes); }

  void on_event(const MachineEvent& event) override {
    if (open_ && negotiated_) send(event_json(event, monitor_.control().wall_clock_us()));
  }

 private:
  void send(const Json& message) { write_(message.dump(-1, ' ', false, Json::error_handler_t::replace) + "\r\n"); }

  void error(const Json& id, const CommandError& e) {
    Json message{{"error", {{"class", name(e.error_class)}, {"desc", e.sentence}}}};
    if (!id.is_null()) message["id"] = id;
    send(message);
  }

  void object(const std::string& text) {
    const Json request = Json::parse(text, nullptr, /*allow_exceptions=*/false);
    if (request.is_discarded()) return error({}, {ErrorClass::Generic, "JSON parse error, invalid object"});
    const Json id = request.contains("id") ? request["id"] : Json();
    for (const auto& [key, value] : request.items())
      if (key != "execute" && key != "arguments" && key != "id")
        return error(id, {ErrorClass::Generic, "QMP input member '" + key + "' is unexpected"});
    if (!request.contains("execute")) return error(id, {ErrorClass::Generic, "QMP input lacks member 'execute'"});
    if (!request["execute"].is_string())
      return error(id, {ErrorClass::Generic, "QMP input member 'execute' must be a string"});
    const Json arguments = request.contains("arguments") ? request["arguments"] : Json::object();
    if (!arguments.is_object())
      return error(id, {ErrorClass::Generic, "QMP input member 'arguments' must be an object"});
    execute(request["execute"], arguments, id);
  }

  void execute(const std::string& command_name, const Json& arguments, const Json& id) {
    if (command_name == "qmp_capabilities") {
      if (negotiated_)
        return error(id,
                     {ErrorClass::CommandNotFound, "Capabilities negotiation is already complete, command ignored"});
      negotiated_ = true;
      return answer(id, Json::object());
    }
    if (!negotiated_)
      return error(id, {ErrorClass::CommandNotFound, "Expecting capabilities negotiation with 'qmp_capabilities'"});
    const Command* command = find_qmp(command_name);
    if (command == nullptr)
      return error(id, {ErrorClass::CommandNotFound, "The command " + command_name + " has not been found"});
    if (const auto checked = check_arguments(*command, arguments); !checked)
      return error(id, {ErrorClass::Generic, checked.error().sentence});
    const Reply reply = run(*command, monitor_, arguments);
    if (!reply.ok()) return error(id, reply.error());
    answer(id, reply.value());
  }

  void answer(const Json& id, const Json& result) {
    Json message{{"return", result}};
    if (!id.is_null()) message["id"] = id;
    send(message);
  }

  Monitor& monitor_;
  Write write_;
  JsonReader reader_;
  bool open_ = false;
  bool negotiated_ = false;
};

}  // namespace

std::unique_ptr<Session> make_qmp_session(Monitor& monitor, Session::Write write) {
  return std::make_unique<QmpSession>(monitor, std::move(write));
}

}  // namespace paemu::monitor
