using RenderFarm.Client;
using RenderFarm.Shared;
using RenderFarm.Shared.Api;

namespace RenderFarm.Cli.Output;

/// <summary>Saves the pictures of a job into a folder, a few at a time, each whole or not at all.</summary>
internal sealed class PictureFolder(RenderFarmClient farm, string folder, JobView job)
{
    private const int AtOnce = 4;
    private readonly List<Task> _saving = [];
    private readonly SortedDictionary<long, string> _files = [];

    /// <summary>What was saved, by index.</summary>
    public IReadOnlyList<string> Files
    {
        get
        {
            lock (_files)
            {
                return [.. _files.Values];
            }
        }
    }

    public string PathOf(FrameView frame) => Path.Combine(folder, ImageNames.For(job.Name, frame.Prompt, frame.Index, frame.Seed, job.Output));

    /// <summary>Begins to save a frame's picture; waits while many are under way. A frame without one is passed over.</summary>
    public async Task AddAsync(FrameView frame)
    {
        if (frame.State != FrameState.Rendered)
        {
            return;
        }

        if (_saving.Count == AtOnce)
        {
            var done = await Task.WhenAny(_saving);
            _saving.Remove(done);
            await done;
        }

        _saving.Add(SaveAsync(frame));
    }

    public Task FinishAsync() => Task.WhenAll(_saving);

    private async Task SaveAsync(FrameView frame)
    {
        var path = PathOf(frame);
        await farm.SaveImageAsync(frame, path);
        lock (_files)
        {
            _files[frame.Index] = path;
        }
    }
}
