#include "exports/server.hpp"

#include <catch2/catch.hpp>

using namespace bkp::exports;
using What = Include::What;

TEST_CASE("what a file of settings includes") {
  CHECK(includes_of_settings("work_mem = '4MB'\n"
                             "include 'more.conf'\n"
                             "#include 'not.conf'\n"
                             "  INCLUDE_DIR = 'conf.d' # all\n"
                             "include_if_exists='/etc/x y.conf'\n"
                             "include plain.conf\n"
                             "included = 1\n",
                             "/etc/pg/postgresql.conf") ==
        std::vector<Include>{{What::file, "/etc/pg/more.conf"},
                             {What::directory, "/etc/pg/conf.d"},
                             {What::file_if_exists, "/etc/x y.conf"},
                             {What::file, "/etc/pg/plain.conf"}});
}

TEST_CASE("what a file of access rules includes") {
  CHECK(includes_of_access_rules("# TYPE DATABASE USER ADDRESS METHOD\n"
                                 "local @databases,x @\"my admins\" peer\n"
                                 "include pg_hba_more.conf\n"
                                 "include_dir \"hba d\"\n"
                                 "host all a@b 127.0.0.1/32 md5 # @not\n",
                                 "/etc/pg/pg_hba.conf") ==
        std::vector<Include>{{What::file, "/etc/pg/databases"},
                             {What::file, "/etc/pg/my admins"},
                             {What::file, "/etc/pg/pg_hba_more.conf"},
                             {What::directory, "/etc/pg/hba d"}});
}
