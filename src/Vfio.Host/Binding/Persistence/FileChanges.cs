namespace Vfio.Host;

/// <summary>
/// Makes changes of several files as steps of a plan. If one of them fails, those before it are undone, so that either
/// all are made or none.
/// </summary>
internal sealed class FileChanges(IHostFiles files)
{
    private const int MaxFileBytes = 1 << 20;

    private readonly Stack<Action> _undo = [];

    /// <summary>
    /// Reads a file's content; <see langword="null"/> if it does not exist, cannot be read, or is far too large.
    /// </summary>
    public static byte[]? Read(string path)
    {
        byte[] buffer = new byte[MaxFileBytes + 1];
        int length = SysfsFile.ReadBytes(path, buffer);
        return length is < 0 or > MaxFileBytes ? null : buffer[..length];
    }

    /// <summary>Makes the step that writes a file.</summary>
    /// <param name="path">The file.</param>
    /// <param name="what">Its content in words, for the plan.</param>
    /// <param name="content">Makes its content when the step runs.</param>
    public BindingStep Write(string path, string what, Func<byte[]> content) =>
        BindingStep.Shared($"write {path}: {what}", () =>
        {
            byte[]? before = Read(path);
            Do(() => files.Write(path, content()), () => PutBack(path, before));
        });

    public BindingStep Link(string path, string target) => BindingStep.Shared(
        $"link {path} to {target}", () => Do(() => files.Link(path, target), () => files.Remove(path)));

    public BindingStep Remove(string path) => BindingStep.Shared($"remove {path}", () =>
    {
        string? link = SysfsFile.ReadLink(path);
        byte[]? before = link is null ? Read(path) : null;
        Do(() => files.Remove(path), () =>
        {
            if (link is not null && SysfsFile.ReadLink(path) is null)
            {
                files.Link(path, link);
            }
            else if (link is null)
            {
                PutBack(path, before);
            }
        });
    });

    public BindingStep MakeFolder(string path) => BindingStep.Shared($"create {path}", () =>
    {
        if (!Directory.Exists(path))
        {
            Do(() => files.MakeFolder(path), () => files.RemoveFolder(path));
        }
    });

    /// <summary>Makes the step that removes a folder if it is empty by then.</summary>
    public BindingStep RemoveFolder(string path) => BindingStep.Shared($"remove {path}, if nothing else is in it", () =>
        Do(() => files.RemoveFolder(path), () =>
        {
            if (!Directory.Exists(path))
            {
                files.MakeFolder(path);
            }
        }));

    // The undo is recorded first, because a change that fails may still have taken effect.
    private void Do(Action change, Action undo)
    {
        _undo.Push(undo);
        try
        {
            change();
        }
        catch (VfioException failure)
        {
            RollBack(failure);
            throw;
        }
    }

    private void RollBack(VfioException failure)
    {
        List<VfioException> stuck = [];
        while (_undo.TryPop(out Action? undo))
        {
            try
            {
                undo();
            }
            catch (VfioException e)
            {
                stuck.Add(e);
            }
        }

        if (stuck.Count != 0)
        {
            throw new VfioException(
                failure.Operation,
                failure.Subject,
                $"{failure.Message}; undoing the changes before it failed too: "
                + $"{string.Join("; ", stuck.Select(e => e.Message))}",
                "when the files can be written again, run vfio release for the device, which removes them");
        }
    }

    private void PutBack(string path, byte[]? before)
    {
        byte[]? now = Read(path);
        if (before is null)
        {
            files.Remove(path);
        }
        else if (now is null || !now.AsSpan().SequenceEqual(before))
        {
            files.Write(path, before);
        }
    }
}
