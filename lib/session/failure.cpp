#include <arbalest/session/failure.hpp>

#include <boost/system/system_error.hpp>

#include <utility>

namespace arbalest {

Failure::Failure(std::exception_ptr exception) : exception_(std::move(exception))
{
    if (!exception_)
        return;
    try {
        std::rethrow_exception(exception_);
    } catch (StompError const& error) {
        code_ = error.code();
        outcome_ = error.outcome();
    } catch (boost::system::system_error const& error) {
        code_ = error.code();
    } catch (...) {
        code_ = errc::connection_lost;
    }
}

std::string Failure::what() const
{
    if (!exception_)
        return {};
    try {
        std::rethrow_exception(exception_);
    } catch (std::exception const& error) {
        return error.what();
    } catch (...) {
        return "an exception of an unknown type";
    }
}

} // namespace arbalest
