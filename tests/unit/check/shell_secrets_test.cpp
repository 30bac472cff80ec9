#include "check/shell_secrets.hpp"

#include <catch2/catch.hpp>

using bkp::check::holds_secret;

TEST_CASE("passwords in commands are found, by name and by option") {
  for (const auto* const command :
       {"REDISCLI_AUTH=hunter2 redis-cli dbsize", "redis-cli -s /x -a hunter2 --rdb -",
        "redis-cli -a 'hunter2' ping", "redis-cli AUTH default hunter2",
        "redis-cli config set requirepass hunter2", "sshpass -p hunter2 ssh x",
        "mysqldump -u root -phunter2 x", "curl -s -u ada:hunter2 https://x",
        "PGPASSWORD=hunter2 psql", "psql postgres://a:hunter2@h/d"}) {
    CAPTURE(command);
    CHECK(holds_secret(command));
  }
}

TEST_CASE("references to secrets, and options that look alike, are none") {
  for (const auto* const command :
       {"REDISCLI_AUTH=$(cat /etc/bkp/redis) exec redis-cli --rdb -", "redis-cli -a \"$PW\" ping",
        "REDISCLI_AUTH=`cat /x` redis-cli ping", "PGPASSWORD=$PW psql --password \"$PW\"",
        "mysql -u root -p x", "mysql -P3306 x", "curl -u ada:$PW https://x", "cp -a /x /y",
        "redis-cli dbsize && cp -a /x /y", "systemctl restart redis-server", "gcloud auth login",
        ""}) {
    CAPTURE(command);
    CHECK_FALSE(holds_secret(command));
  }
}
