#pragma once

#include <curl/curl.h>

#include "util/late_library.hpp"

namespace bkp::net {

/// What is used of libcurl: its manual pages.
inline constexpr util::LateLibrary libcurl{"libcurl.so.4", "libcurl4"};

BKP_LATE(libcurl, curl_easy_cleanup);
BKP_LATE(libcurl, curl_easy_getinfo);
BKP_LATE(libcurl, curl_easy_init);
BKP_LATE(libcurl, curl_easy_perform);
BKP_LATE(libcurl, curl_easy_reset);
BKP_LATE(libcurl, curl_easy_setopt);
BKP_LATE(libcurl, curl_easy_strerror);
BKP_LATE(libcurl, curl_getdate);
BKP_LATE(libcurl, curl_global_init);
BKP_LATE(libcurl, curl_slist_append);
BKP_LATE(libcurl, curl_slist_free_all);

}  // namespace bkp::net
