// The moment at which a wait is given up.
#pragma once

#include <algorithm>
#include <chrono>
#include <string>

namespace ctk {

class Deadline {
  public:
    using Clock = std::chrono::steady_clock;

    explicit Deadline(std::chrono::milliseconds limit) : limit_(limit), end_(Clock::now() + limit) {}

    bool has_passed() const { return Clock::now() >= end_; }
    /// What is left, and no more than `most`.
    std::chrono::milliseconds left(std::chrono::milliseconds most) const {
        const auto rest = std::chrono::ceil<std::chrono::milliseconds>(end_ - Clock::now());
        return std::clamp(rest, std::chrono::milliseconds(0), most);
    }
    /// `0.5 s`, as messages say it.
    std::string limit() const {
        const auto milliseconds = limit_.count();
        auto text = std::to_string(milliseconds / 1000);
        if (const auto rest = milliseconds % 1000; rest != 0) {
            auto digits = std::to_string(1000 + rest).substr(1);
            digits.erase(digits.find_last_not_of('0') + 1);
            text += "." + digits;
        }
        return text + " s";
    }

  private:
    std::chrono::milliseconds limit_;
    Clock::time_point end_;
};

}  // namespace ctk
