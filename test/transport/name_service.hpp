#pragma once

namespace arbalest::test {

/// While one exists, this program's resolver knows three more names: "one.test" is 127.0.0.1, "two.test" has the
/// addresses 127.0.0.2 and then 127.0.0.1, and a look-up of "hangs.test" takes until the object is destroyed.
class NameService
{
public:
    NameService();
    ~NameService();
    NameService(NameService const&) = delete;
    NameService& operator=(NameService const&) = delete;

    /// Whether somebody is looking up "hangs.test".
    static bool hangs();
};

} // namespace arbalest::test
