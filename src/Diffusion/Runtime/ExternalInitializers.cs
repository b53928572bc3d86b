using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Microsoft.ML.OnnxRuntime;

namespace RenderFarm.Diffusion.Runtime;

/// <summary>
/// OrtApi.AddExternalInitializers, which ONNX Runtime has for C but not for C#: values for weights that the model keeps in
/// other files, put in their place before the graph is optimised. SessionOptions.AddInitializer puts them there afterwards,
/// when the optimiser has already copied convolution weights into the processor's layout and folded others into constants.
/// </summary>
internal static unsafe partial class ExternalInitializers
{
    // The table of functions only ever grows at its end; these are their places in it since version 12.
    public const int GetErrorMessage = 2;
    public const int ReleaseStatus = 93;
    public const int AddExternalInitializers = 210;
    private const uint SinceVersion = 12;

    public static void Add(SessionOptions options, IReadOnlyDictionary<string, OrtValue> values)
    {
        if (values.Count == 0)
        {
            return;
        }

        var functions = OrtGetApiBase()->GetApi(SinceVersion);
        var names = new nint[values.Count];
        try
        {
            var handles = new nint[values.Count];
            foreach (var (i, (name, value)) in values.Index())
            {
                names[i] = Marshal.StringToCoTaskMemUTF8(name);
                handles[i] = HandleOf(value);
            }

            fixed (nint* namePointers = names)
            fixed (nint* valuePointers = handles)
            {
                var add = (delegate* unmanaged<nint, nint*, nint*, nuint, nint>)functions[AddExternalInitializers];
                Check(functions, add(options.DangerousGetHandle(), namePointers, valuePointers, (nuint)values.Count));
            }
        }
        finally
        {
            Array.ForEach(names, Marshal.FreeCoTaskMem);
        }
    }

    private static void Check(nint* functions, nint status)
    {
        if (status == 0)
        {
            return;
        }

        var message = Marshal.PtrToStringUTF8(((delegate* unmanaged<nint, nint>)functions[GetErrorMessage])(status));
        ((delegate* unmanaged<nint, void>)functions[ReleaseStatus])(status);
        throw new InvalidOperationException($"ONNX Runtime does not take the weights: {message}");
    }

    [UnsafeAccessor(UnsafeAccessorKind.Method, Name = "get_Handle")]
    private static extern nint HandleOf(OrtValue value);

    [LibraryImport("onnxruntime")]
    private static partial OrtApiBase* OrtGetApiBase();

    [StructLayout(LayoutKind.Sequential)]
    private readonly struct OrtApiBase
    {
        public readonly delegate* unmanaged<uint, nint*> GetApi;
        private readonly nint _getVersion;
    }
}
