#pragma once

#include <memory>

namespace arbalest::detail {

class SessionImpl;

/// An interceptor in a configuration that attaches hooks of its own to every session that is made with it.
class SessionExtension
{
public:
    virtual ~SessionExtension() = default;

    /// A session was made. Called before it is used on its executor, or known to anybody else.
    virtual void attach(std::shared_ptr<SessionImpl> const& impl) = 0;
};

} // namespace arbalest::detail
