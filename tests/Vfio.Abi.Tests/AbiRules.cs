namespace Vfio.Abi.Tests;

/// <summary>
/// Maps the names of the Interop room to C. A constant or structure with its C name in Libc, Errno or a class of Uapi
/// needs no rule. Anything else needs one here, or the test fails.
/// </summary>
internal sealed class AbiRules
{
    /// <summary>Structures that have another name in C, or are one member of a union there.</summary>
    public Dictionary<string, string> StructNames { get; init; } = new()
    {
        ["NetworkUapi.ifreq_flags"] = "struct ifreq",
        ["NetworkUapi.ifreq_newname"] = "struct ifreq",
        ["NetworkUapi.ifreq_address"] = "struct ifreq",
        ["NetworkUapi.ifconf"] = "struct ifconf",
    };

    /// <summary>Fields that are nested in C: the C expressions of their offset and their size.</summary>
    public Dictionary<string, (string Offset, string Size)> Fields { get; init; } = new()
    {
        ["NetworkUapi.ifreq_address.sin_addr"] =
            (
                "offsetof(struct ifreq, ifr_addr) + offsetof(struct sockaddr_in, sin_addr)",
                "sizeof(((struct sockaddr_in *)0)->sin_addr)"),
    };

    /// <summary>Constants that have another name in C.</summary>
    public Dictionary<string, string> Constants { get; init; } = new()
    {
        ["FileStatus.PermissionBits"] = "ALLPERMS",
    };

    /// <summary>Names of the library that have no counterpart in C, with the reason.</summary>
    public Dictionary<string, string> Own { get; init; } = new()
    {
        ["AccessList.ReadWrite"] = "ACL_READ | ACL_WRITE, judged as the kernel's",
        ["AccessList.MostBytes"] = "the size of a buffer: XATTR_SIZE_MAX",
        ["AccessList.PermissionBits"] = "the bits of a file's mode, for each of three",
        ["AccessList.GroupShift"] = "the bits of a file's mode, for each of three",
        ["AccessList.OwnerShift"] = "the bits of a file's mode, for each of three",
        ["AccessList.NoId"] = "ACL_UNDEFINED_ID without its sign, judged as the kernel's",
        ["DescriptorMessage.MostFiles"] = "a bound of what is believed",
        ["DescriptorMessage.HeaderBytes"] = "struct cmsghdr, aligned",
        ["DescriptorMessage.ControlBytes"] = "the size of a buffer",
        ["ReceivedMessage"] = "what came with a message",
        ["FileStatus"] = "a value made from struct statx",
        ["FileIdentity"] = "a value made from struct statx, or from a device's number in sysfs",
        ["FileKind.Other"] = "part of that value",
        ["FileKind.Anonymous"] = "part of that value",
        ["FileKind.CharacterDevice"] = "part of that value",
        ["FileKind.BlockDevice"] = "part of that value",
        ["FileName.FirstLone"] = "Unicode's first low surrogate",
        ["FolderReader.LinkBytes"] = "the size of a buffer: PATH_MAX",
        ["FolderReader.MostNames"] = "a bound of what is believed",
        ["PathMarshaller.ToNative"] = "a path's bytes while a call is made",
        ["UserEntry"] = "a value made from struct passwd",
        ["ProcessDescriptor.MillisecondsPerSecond"] = "a unit",
        ["ProcessDescriptor.NanosecondsPerMillisecond"] = "a unit",
        ["UserDatabase.BufferBytes"] = "the size of a buffer",
        ["UserDatabase.GroupBufferBytes"] = "the size of a buffer",
        ["NetworkInterfaceIoctl.AnswerBytes"] = "the size of a buffer",
        ["InfoAnswer.MaxInfoBytes"] = "a bound of what is believed",
        ["InfoAnswer.MostCapabilities"] = "a bound of what is believed",
        ["VfioDeviceIoctl.MostFeatureBytes"] = "the size of a buffer",
        ["VfioDeviceIoctl.UsualResetDevices"] = "the size of a buffer",
        ["VfioDeviceIoctl.MostResetDevices"] = "a bound of what is believed",
        ["VfioDeviceIoctl.MostResetRounds"] = "a bound of what is believed",
        ["VfioDeviceIoctl.NoDescriptor"] = "no descriptor",
        ["IommufdIoctl.TokenBytes"] = "the size of a UUID",
        ["IommufdIoctl.UsualRanges"] = "the size of a buffer",
        ["IommufdIoctl.MostRanges"] = "a bound of what is believed",
        ["IommufdIoctl.MostRounds"] = "a bound of what is believed",
        ["MemoryCover.Protection"] = "PROT_READ | PROT_WRITE, judged as Libc's",
        ["MemoryCover.NoFile"] = "no descriptor",
        ["EventFd.NoOffset"] = "reads of an eventfd have no position",
        ["EventPoll.MostEvents"] = "the size of a buffer",
        ["EventPoll.EventBytes"] = "struct epoll_event, packed on x86-64 alone",
        ["EventPoll.DataOffset"] = "struct epoll_event, packed on x86-64 alone",
        ["EventWait.FewFiles"] = "the size of a buffer",
        ["EventWait.NanosecondsPerTick"] = "a unit",
        ["HandleUse"] = "a descriptor's number while it is used",
        ["LockedMemory"] = "a value made from struct rlimit and procfs",
        ["LockedMemory.KiB"] = "a unit",
        ["NetworkUapi.Name"] = "space for IFNAMSIZ bytes, checked as a field of its structure",
        ["Libc.Spare"] = "the rest of struct statx, judged by the size of the whole",
    };

    public static HeaderSet HeadersOf(Type outer) =>
        IsUapi(outer) ? HeaderSet.Kernel : HeaderSet.CLibrary;

    /// <summary>Returns whether the constants and structures of this class have the names of C.</summary>
    public static bool FollowsCustom(Type outer) =>
        IsUapi(outer) || outer.Name is "Libc" or "HostLibc" or "Errno";

    private static bool IsUapi(Type outer) => outer.Name.Contains("Uapi", StringComparison.Ordinal);
}
