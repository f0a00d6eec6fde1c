#pragma once

/// Marks what the libraries export. They are compiled with hidden visibility, so that everything else stays private to
/// the shared library; an exception type without this mark would not be caught outside of it. The same definition
/// serves the static library and the user's own code: unlike a dllimport, default visibility costs neither anything.
#if defined(_WIN32)
// There a declaration says whether the symbol is in another DLL: ARBALEST_BUILD_SHARED while one is built,
// ARBALEST_USE_SHARED in programs that use it.
#if defined(ARBALEST_BUILD_SHARED)
#define ARBALEST_DECL __declspec(dllexport)
#elif defined(ARBALEST_USE_SHARED)
#define ARBALEST_DECL __declspec(dllimport)
#else
#define ARBALEST_DECL
#endif
#elif defined(__GNUC__)
#define ARBALEST_DECL __attribute__((visibility("default")))
#else
#define ARBALEST_DECL
#endif
