// Commands about screen, keyboard and mouse.
#include <nlohmann/json.hpp>

#include "monitor/handlers.hpp"

namespace paemu::monitor::handle {

Reply screendump(Monitor& m, const Json& a) {
  const std::string format = a.value("format", "");
  if (!format.empty() && format != "png" && format != "ppm")
    return base::fail("there is no format \"" + format + "\"; use png or ppm");
  TRY(m.control().screendump(a.value("filename", ""), format == "png"   ? PictureFormat::Png
                                                      : format == "ppm" ? PictureFormat::Ppm
                                                                        : PictureFormat::ByName));
  return Json::object();
}

}  // namespace paemu::monitor::handle
