#pragma once

#include <string>
#include <vector>

#include "schedule/schedule.hpp"

namespace bkp::schedule {

struct CrontabSettings {
  std::string config;     ///< the configuration file
  std::string time_zone;  ///< the system's, in which cron works
  std::string user;  ///< whose the jobs are, for a file in /etc/cron.d; empty: a user's crontab
};

/// The schedules as lines of crontab(5), for those who would rather have cron alone. What cron
/// cannot say (another time zone, a missed run, jitter) stands in a comment, and what it would do
/// at another time is commented out.
std::string to_crontab(const std::vector<Schedule>& schedules, const CrontabSettings& settings);

/// The name of the system's time zone: that which /etc/localtime links to, as Debian's tzdata
/// leaves it, else what /etc/timezone says; "UTC" where neither is there. TZ does not count: cron
/// has none.
std::string system_time_zone();

}  // namespace bkp::schedule
