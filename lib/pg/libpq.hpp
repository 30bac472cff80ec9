#pragma once

#include <libpq-fe.h>

#include "util/late_library.hpp"

namespace bkp::pg {

/// What is used of PostgreSQL's client library: chapter "libpq" of its documentation.
inline constexpr util::LateLibrary libpq{"libpq.so.5", "libpq5"};

BKP_LATE(libpq, PQcancel);
BKP_LATE(libpq, PQclear);
BKP_LATE(libpq, PQcmdTuples);
BKP_LATE(libpq, PQconnectPoll);
BKP_LATE(libpq, PQconnectStartParams);
BKP_LATE(libpq, PQconninfoFree);
BKP_LATE(libpq, PQconninfoParse);
BKP_LATE(libpq, PQconsumeInput);
BKP_LATE(libpq, PQdb);
BKP_LATE(libpq, PQerrorMessage);
BKP_LATE(libpq, PQescapeIdentifier);
BKP_LATE(libpq, PQescapeLiteral);
BKP_LATE(libpq, PQfinish);
BKP_LATE(libpq, PQflush);
BKP_LATE(libpq, PQfreeCancel);
BKP_LATE(libpq, PQfreemem);
BKP_LATE(libpq, PQfmod);
BKP_LATE(libpq, PQfname);
BKP_LATE(libpq, PQftable);
BKP_LATE(libpq, PQftablecol);
BKP_LATE(libpq, PQftype);
BKP_LATE(libpq, PQgetCancel);
BKP_LATE(libpq, PQgetCopyData);
BKP_LATE(libpq, PQgetResult);
BKP_LATE(libpq, PQgetisnull);
BKP_LATE(libpq, PQgetlength);
BKP_LATE(libpq, PQgetvalue);
BKP_LATE(libpq, PQisBusy);
BKP_LATE(libpq, PQlibVersion);
BKP_LATE(libpq, PQnfields);
BKP_LATE(libpq, PQntuples);
BKP_LATE(libpq, PQputCopyData);
BKP_LATE(libpq, PQputCopyEnd);
BKP_LATE(libpq, PQresultErrorField);
BKP_LATE(libpq, PQresultErrorMessage);
BKP_LATE(libpq, PQresultStatus);
BKP_LATE(libpq, PQsendQuery);
BKP_LATE(libpq, PQsendQueryParams);
BKP_LATE(libpq, PQserverVersion);
BKP_LATE(libpq, PQsetErrorVerbosity);
BKP_LATE(libpq, PQsetNoticeReceiver);
BKP_LATE(libpq, PQsetnonblocking);
BKP_LATE(libpq, PQsocket);
BKP_LATE(libpq, PQstatus);
BKP_LATE(libpq, PQtransactionStatus);

}  // namespace bkp::pg
