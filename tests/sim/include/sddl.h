/* Security descriptors, SIDs and tokens of the simulator. */
#ifndef SIM_SDDL_H
#define SIM_SDDL_H

#include <windows.h>

#define SECURITY_MAX_SID_SIZE 68
#define SDDL_REVISION_1 1
#define OWNER_SECURITY_INFORMATION 1u
#define DACL_SECURITY_INFORMATION 4u
#define TOKEN_QUERY 8u

typedef struct ACL {
    int unused;
} ACL;
typedef struct SECURITY_DESCRIPTOR {
    char bytes[40];
} SECURITY_DESCRIPTOR;
typedef struct SID_AND_ATTRIBUTES {
    PSID Sid;
    DWORD Attributes;
} SID_AND_ATTRIBUTES;
typedef struct TOKEN_USER {
    SID_AND_ATTRIBUTES User;
} TOKEN_USER;
typedef struct TOKEN_GROUPS {
    DWORD GroupCount;
    SID_AND_ATTRIBUTES Groups[1];
} TOKEN_GROUPS;
typedef struct TOKEN_MANDATORY_LABEL {
    SID_AND_ATTRIBUTES Label;
} TOKEN_MANDATORY_LABEL;
typedef enum TOKEN_INFORMATION_CLASS {
    TokenUser = 1,
    TokenImpersonationLevel = 9,
    TokenIntegrityLevel = 25,
    TokenLogonSid = 28
} TOKEN_INFORMATION_CLASS;
typedef enum SID_NAME_USE { SidTypeUser = 1 } SID_NAME_USE;
typedef enum SECURITY_IMPERSONATION_LEVEL {
    SecurityAnonymous,
    SecurityIdentification,
    SecurityImpersonation
} SECURITY_IMPERSONATION_LEVEL;

BOOL ConvertStringSecurityDescriptorToSecurityDescriptorW(const WCHAR *text, DWORD revision,
                                                          PSECURITY_DESCRIPTOR *made, ULONG *size);
BOOL ConvertSecurityDescriptorToStringSecurityDescriptorA(PSECURITY_DESCRIPTOR sd, DWORD revision,
                                                          DWORD what, char **text, ULONG *size);
BOOL ConvertSidToStringSidW(PSID sid, WCHAR **text);
BOOL ConvertSidToStringSidA(PSID sid, char **text);
BOOL ConvertStringSidToSidW(const WCHAR *text, PSID *sid);
BOOL ConvertStringSidToSidA(const char *text, PSID *sid);
BOOL EqualSid(PSID a, PSID b);
DWORD *GetSidSubAuthority(PSID sid, DWORD index);
UCHAR *GetSidSubAuthorityCount(PSID sid);
BOOL LookupAccountNameW(const WCHAR *system, const WCHAR *name, PSID sid, DWORD *sid_size,
                        WCHAR *domain, DWORD *domain_size, SID_NAME_USE *use);
BOOL GetSecurityDescriptorDacl(PSECURITY_DESCRIPTOR sd, BOOL *present, ACL **list, BOOL *defaulted);
BOOL GetSecurityDescriptorOwner(PSECURITY_DESCRIPTOR sd, PSID *owner, BOOL *defaulted);
BOOL GetKernelObjectSecurity(HANDLE handle, DWORD what, PSECURITY_DESCRIPTOR sd, DWORD size,
                             DWORD *used);
BOOL OpenProcessToken(HANDLE process, DWORD rights, HANDLE *token);
BOOL OpenThreadToken(HANDLE thread, DWORD rights, BOOL as_self, HANDLE *token);
BOOL GetTokenInformation(HANDLE token, TOKEN_INFORMATION_CLASS what, void *data, DWORD size,
                         DWORD *used);
BOOL ImpersonateNamedPipeClient(HANDLE pipe);
BOOL RevertToSelf(void);
void *LocalFree(void *block);

#endif
