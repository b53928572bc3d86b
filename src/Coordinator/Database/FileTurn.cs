namespace RenderFarm.Coordinator.Database;

/// <summary>An exclusively opened file: one program at a time has it, and a dead one never keeps it.</summary>
internal static class FileTurn
{
    private static readonly TimeSpan LookAgain = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);

    public static async Task<IAsyncDisposable> TakeAsync(string path, CancellationToken cancellationToken)
    {
        var since = TimeProvider.System.GetTimestamp();
        while (true)
        {
            try
            {
                return new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
            }
            catch (IOException) when (File.Exists(path) && TimeProvider.System.GetElapsedTime(since) < Patience)
            {
                await Task.Delay(LookAgain, TimeProvider.System, cancellationToken);
            }
        }
    }
}
