using System.Runtime.InteropServices;
using Vfio.Abi.Tests.Wrong.Uapi;

namespace Vfio.Abi.Tests
{
    /// <summary>Shows that the check can fail: deliberately wrong items must be found.</summary>
    public sealed class JudgeTests
    {
        private static AbiItems Found(params Type[] types) =>
            new AbiItems(new AbiRules { Own = [], Constants = [], Fields = [], StructNames = [] }).Add(types);

        private static Verdict Judge(params Type[] types) => AbiTests.NewJudge().Judge(Found(types).Items);

        [Fact]
        public void A_wrong_number_is_caught()
        {
            Verdict verdict = Judge(typeof(WrongUapi));
            Assert.Equal(
                [
                    "WrongUapi.VFIO_DEVICE_GET_INFO is 15212, but C says 15211 (VFIO_DEVICE_GET_INFO)",
                    "WrongUapi.VFIO_API_VERSION is -1, but C says 0 (VFIO_API_VERSION)",
                ],
                verdict.Wrong);
            Assert.Equal(["WrongUapi.VFIO_TYPE1_IOMMU"], verdict.Agreed);
        }

        [Fact]
        public void A_field_in_the_wrong_place_is_caught()
        {
            Verdict verdict = Judge(typeof(WrongUapi.vfio_region_info));
            Assert.Equal(
                [
                    "offset of WrongUapi.vfio_region_info.offset is 16, but C says 24 (offsetof(struct "
                    + "vfio_region_info, offset))",
                    "offset of WrongUapi.vfio_region_info.size is 24, but C says 16 (offsetof(struct "
                    + "vfio_region_info, size))",
                ],
                verdict.Wrong);
            Assert.Contains("size of WrongUapi.vfio_region_info", verdict.Agreed);
        }

        [Fact]
        public void A_field_of_the_wrong_width_and_a_structure_of_the_wrong_size_are_caught()
        {
            Verdict verdict = Judge(typeof(WrongUapi.vfio_group_status));
            Assert.Equal(
                [
                    "size of WrongUapi.vfio_group_status.flags is 8, but C says 4 (sizeof(((struct "
                    + "vfio_group_status *)0)->flags))",
                    "size of WrongUapi.vfio_group_status is 12, but C says 8 (sizeof(struct vfio_group_status))",
                ],
                verdict.Wrong);
        }

        [Fact]
        public void What_the_headers_lack_is_listed_and_does_not_hide_the_rest()
        {
            Verdict verdict = Judge(
                typeof(UnknownUapi), typeof(UnknownUapi.vfio_group_status), typeof(UnknownUapi.vfio_of_tomorrow));
            Assert.Equal(
                [
                    "UnknownUapi.VFIO_OF_TOMORROW",
                    "offset of UnknownUapi.vfio_group_status.of_tomorrow",
                    "size of UnknownUapi.vfio_group_status.of_tomorrow",
                    "offset of UnknownUapi.vfio_of_tomorrow.argsz",
                    "size of UnknownUapi.vfio_of_tomorrow.argsz",
                    "size of UnknownUapi.vfio_of_tomorrow",
                ],
                verdict.Absent);
            Assert.Equal(["UnknownUapi.VFIO_TYPE1_IOMMU is 2, but C says 1 (VFIO_TYPE1_IOMMU)"], verdict.Wrong);
            // larger than C's by what C does not know yet
            Assert.Contains("size of UnknownUapi.vfio_group_status", verdict.Agreed);
        }

        [Fact]
        public void A_structure_too_small_for_c_is_caught_where_members_are_missing_too() =>
            Assert.Equal(
                ["size of SmallUapi.vfio_device_info is 8, but C says"],
                Judge(typeof(SmallUapi.vfio_device_info)).Wrong
                    .Select(line => line[..line.LastIndexOf(" says", StringComparison.Ordinal)] + " says"));

        [Fact]
        public void Items_without_a_rule_are_reported()
        {
            Assert.Equal(
                [
                    "JudgeTests.Ruleless.Number",
                    "JudgeTests.Ruleless.Changing",
                    "JudgeTests.Ruleless.Layout",
                    "JudgeTests.Ruleless.Names.One",
                ],
                Found(typeof(Ruleless), typeof(Ruleless.Layout), typeof(Ruleless.Names)).Unruled);
            Assert.Equal(["WrongUapi2.Changing"], Found(typeof(WrongUapi2)).Unruled);
        }

        [Fact]
        public void A_folder_without_the_header_is_a_failure_and_not_a_skip()
        {
            CCompiler compiler = CCompiler.Find(Environment.GetEnvironmentVariable("PATH"))!;
            Assert.SkipWhen(compiler is null, "no C compiler");
            Assert.Contains(
                "VFIO_UAPI_DIR", new AbiJudge(compiler, "/nonexistent").Complaint(), StringComparison.Ordinal);
            Assert.Null(new AbiJudge(compiler, null).Complaint());
        }

        [Fact]
        public void A_header_that_does_not_compile_is_a_failure_and_not_a_list_of_absent_items()
        {
            CCompiler? compiler = CCompiler.Find(Environment.GetEnvironmentVariable("PATH"));
            Assert.SkipWhen(compiler is null, "no C compiler");
            DirectoryInfo folder = Directory.CreateTempSubdirectory("vfio-abi-test-");
            try
            {
                Directory.CreateDirectory(Path.Combine(folder.FullName, "linux"));
                File.WriteAllText(
                    Path.Combine(folder.FullName, "linux", "vfio.h"), "struct vfio_region_info { int a\n");
                AbiJudge judge = new(compiler, folder.FullName);
                Assert.Null(judge.Complaint());
                Assert.Throws<InvalidOperationException>(() => judge.Judge(Found(typeof(WrongUapi)).Items));
            }
            finally
            {
                folder.Delete(recursive: true);
            }
        }

        [Fact]
        public void Without_a_compiler_none_is_found()
        {
            Assert.Null(CCompiler.Find("/nonexistent"));
            Assert.Null(CCompiler.Find(null));
        }

        private static class Ruleless
        {
            public const string Text = "no number";
            public const int Number = 1;
            public static readonly int Changing = Environment.ProcessId;

            public enum Names
            {
                One = 1,
            }

            [StructLayout(LayoutKind.Sequential)]
            public struct Layout
            {
                public int Field;
            }
        }
    }
}

namespace Vfio.Abi.Tests.Wrong.Uapi
{
    internal static class WrongUapi
    {
        public const nuint VFIO_DEVICE_GET_INFO = 0x3b6c;
        public const int VFIO_API_VERSION = -1;
        public const int VFIO_TYPE1_IOMMU = 1;

        // Offset and size are swapped.
        [StructLayout(LayoutKind.Sequential)]
        public struct vfio_region_info
        {
            public uint argsz;
            public uint flags;
            public uint index;
            public uint cap_offset;
            public ulong offset;
            public ulong size;
        }

        [StructLayout(LayoutKind.Sequential, Pack = 4)]
        public struct vfio_group_status
        {
            public uint argsz;
            public ulong flags;
        }
    }

    internal static class WrongUapi2
    {
        public static readonly int Changing = Environment.ProcessId;
    }

    internal static class SmallUapi
    {
        [StructLayout(LayoutKind.Sequential)]
        public struct vfio_device_info
        {
            public uint argsz;
            public uint of_tomorrow;
        }
    }

    internal static class UnknownUapi
    {
        public const int VFIO_OF_TOMORROW = 1;
        public const int VFIO_TYPE1_IOMMU = 2;

        [StructLayout(LayoutKind.Sequential)]
        public struct vfio_group_status
        {
            public uint argsz;
            public uint flags;
            public uint of_tomorrow;
        }

        [StructLayout(LayoutKind.Sequential)]
        public struct vfio_of_tomorrow
        {
            public uint argsz;
        }
    }
}
