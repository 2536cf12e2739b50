// Keeps LibTorch's own log from burying what a program says.
#include <c10/util/Exception.h>
#include <c10/util/Logging.h>

#include <cstdlib>
#include <iostream>

namespace {
/// Prints LibTorch's warnings, which would otherwise go through the log.
class Warnings final : public c10::WarningHandler {
  public:
    void process(const c10::Warning &warning) override {
        const auto &place = warning.source_location();
        std::cerr << "LibTorch: " << warning.msg() << " (" << place.file << ":" << place.line << ")" << std::endl;
    }
};

/// When another rank ends, c10d logs every broken connection in several lines; the same words are in the errors that it
/// throws. Whoever sets one of the variables wants to read them, and has LibTorch's own settings.
const bool is_quiet = [] {
    if (std::getenv("TORCH_CPP_LOG_LEVEL") != nullptr || std::getenv("TORCH_DISTRIBUTED_DEBUG") != nullptr) return false;
#ifdef C10_USE_GLOG
    return false;  // glog has levels of its own
#else
    FLAGS_caffe2_log_level = c10::GLOG_FATAL;
    c10::WarningUtils::set_warning_handler(new Warnings);  // for the life of the process
    return true;
#endif
}();
}  // namespace
