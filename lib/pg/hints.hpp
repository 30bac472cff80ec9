#pragma once

#include <string>
#include <string_view>

#include "pg/conninfo.hpp"

namespace bkp::pg {

/// What to do about a refusal with this SQLSTATE (PostgreSQL's documentation, appendix A); empty
/// where there is nothing better to say than the server did.
std::string hint_for(std::string_view sqlstate);

/// What to do when no server answered at all.
std::string hint_for_silence(const Conninfo& conninfo);

/// The five characters of the SQLSTATE in a verbose message of libpq ("FATAL:  3D000: database …");
/// empty when there is none, as in errors of the network.
std::string sqlstate_in(std::string_view verbose_message);

/// libpq's message on one line, without the LOCATION line and the severity and state of a verbose
/// one.
std::string tidy_message(std::string_view message);

}  // namespace bkp::pg
