#pragma once

/// Marks what the libraries export. They are compiled with hidden visibility, so that everything else stays private to
/// the shared library; an exception type without this mark would not be caught outside of it. The same definition
/// serves the static library and the user's own code: unlike a dllimport, default visibility costs neither anything.
#if defined(__GNUC__)
#define ARBALEST_DECL __attribute__((visibility("default")))
#else
#define ARBALEST_DECL
#endif
