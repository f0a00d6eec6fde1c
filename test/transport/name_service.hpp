#pragma once

#include <string>
#include <vector>

namespace arbalest::test {

/// While one exists, this program's resolver knows more names: "one.test" is 127.0.0.1, "two.test" has the addresses
/// 127.0.0.2 and then 127.0.0.1, and a look-up of "hangs.test", or of any name that ends in ".hangs.test", takes until
/// the object is destroyed.
class NameService
{
public:
    NameService();
    ~NameService();
    NameService(NameService const&) = delete;
    NameService& operator=(NameService const&) = delete;

    /// One name more. @param addresses in the order of the answer.
    void add(std::string name, std::vector<std::string> addresses);

    /// Whether somebody is looking up "hangs.test" or the like.
    static bool hangs() { return hanging() > 0; }
    /// How many look-ups hang.
    static int hanging();
    /// How often the resolver was asked for that name.
    static int look_ups(std::string const& name);
};

} // namespace arbalest::test
