#include "cli/program.h"

#include <unistd.h>

int main(int argc, char **argv)
{
    return (int)program_run(argc, argv, (const char *const *)environ);
}
