#pragma once

#include <charconv>
#include <cstddef>
#include <map>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

namespace bench {

/// The command line of a program: a scenario, then "--name value" pairs.
class Options
{
public:
    Options(int argc, char** argv)
    {
        int next = 1;
        if (next < argc && !std::string_view(argv[next]).starts_with("--"))
            scenario_ = argv[next++];
        for (; next < argc; next += 2) {
            std::string_view const name(argv[next]);
            if (!name.starts_with("--") || next + 1 == argc)
                throw std::invalid_argument("'" + std::string(name) + "' is no option with a value");
            values_.insert_or_assign(std::string(name.substr(2)), argv[next + 1]);
        }
    }

    std::string const& scenario() const noexcept { return scenario_; }

    std::string text(std::string const& name, std::string fallback) const
    {
        auto const found = values_.find(name);
        return found == values_.end() ? std::move(fallback) : found->second;
    }

    std::string text(std::string const& name) const
    {
        auto const found = values_.find(name);
        if (found == values_.end())
            throw std::invalid_argument("--" + name + " is missing");
        return found->second;
    }

    std::size_t number(std::string const& name, std::size_t fallback) const
    {
        auto const found = values_.find(name);
        if (found == values_.end())
            return fallback;
        std::size_t value = 0;
        auto const* const last = found->second.data() + found->second.size();
        auto const [end, error] = std::from_chars(found->second.data(), last, value);
        if (error != std::errc() || end != last)
            throw std::invalid_argument("--" + name + " takes a number, not '" + found->second + "'");
        return value;
    }

private:
    std::string scenario_;
    std::map<std::string, std::string> values_;
};

} // namespace bench
