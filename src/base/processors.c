#include "base/processors.h"

#include "base/win.h"

#define PROCESSORS__MOST_GROUPS 64 /* of 64 processors each: more than Windows supports */

/* The processors of the affinity mask, which covers one group only. */
static unsigned processors__of_mask(void)
{
    DWORD_PTR ours, all;
    unsigned count = 0;

    if (GetProcessAffinityMask(GetCurrentProcess(), &ours, &all))
        for (; ours != 0; ours &= ours - 1)
            count++;
    return count;
}

/* A process in several groups may use all processors of each: it has no affinity mask. */
unsigned processors_count(void)
{
    USHORT groups[PROCESSORS__MOST_GROUPS], group_count = PROCESSORS__MOST_GROUPS;
    unsigned count = 0;

    if (!GetProcessGroupAffinity(GetCurrentProcess(), &group_count, groups))
        group_count = 0;
    if (group_count <= 1)
        count = processors__of_mask();
    else
        for (USHORT i = 0; i < group_count; i++)
            count += GetActiveProcessorCount(groups[i]);
    return count > 0 ? count : 1;
}
