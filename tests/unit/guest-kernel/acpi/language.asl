// One method a piece of the language. Each gives the number that interpreter.cpp expects.
DefinitionBlock ("", "SSDT", 2, "PAEMU ", "LANGUAGE", 1)
{
    Name (NUMB, 5)
    Name (TEXT, "abc")
    Name (BUFF, Buffer (8) { 1, 2, 3, 4 })
    Name (PACK, Package () { 1, "two", Package () { 31, 32 }, NUMB, LATE })
    Name (LATE, 77)
    Alias (NUMB, ALIA)
    Mutex (MLCK, 0)

    Device (DEV0) { Name (_ADR, 0x00010003) Name (INNR, 9) Method (SELF) { Return (INNR) } }
    Processor (CPU0, 1, 0, 0) { Name (_UID, 1) }
    PowerResource (PWR0, 0, 0) { Method (_STA) { Return (1) } }
    ThermalZone (TZ00) { Name (_TZP, 10) }

    OperationRegion (MEMR, SystemMemory, 0x1000, 0x100)
    Field (MEMR, DWordAcc, NoLock, Preserve) { MA32, 32, MB04, 4, MB20, 20, MB08, 8, MW48, 48, Offset (0x20), MLNG, 96 }
    Field (MEMR, ByteAcc, NoLock, WriteAsOnes) { Offset (0x40), ONE4, 4 }
    Field (MEMR, ByteAcc, NoLock, WriteAsZeros) { Offset (0x41), ZER4, 4 }
    Field (MEMR, ByteAcc, NoLock, Preserve) { Offset (0x50), BANK, 8, IDXR, 8, DATR, 8 }
    BankField (MEMR, BANK, 3, ByteAcc, NoLock, Preserve) { Offset (0x53), BNKD, 8 }
    IndexField (IDXR, DATR, ByteAcc, NoLock, Preserve) { Offset (0x07), IXD7, 8 }

    Method (M001) { Return (Add (40, 2)) }
    Method (M002) { Local0 = 100 Local1 = Local0 - 58 Return (Local1) }
    Method (M003) { Divide (100, 7, Local0, Local1) Return (Local0 * 1000 + Local1) }
    Method (M004) { Return ((0xF0 | 0x0F) ^ 0x3C) }
    Method (M005) { Return (ShiftLeft (1, 40)) }
    Method (M006) { Return (NAnd (0xFFFFFFFFFFFFFFFF, 0xFF) >> 4) }
    Method (M007) { Return (FindSetLeftBit (0x80) * 100 + FindSetRightBit (0x80)) }
    Method (M008) { Return (FromBCD (0x1234)) }
    Method (M009) { ToBCD (5678, Local0) Return (Local0) }
    Method (M010) { Local0 = 0 While (Local0 < 10) { Local0++ If (Local0 == 7) { Break } } Return (Local0) }
    Method (M011) { Local0 = 0 Local1 = 0 While (Local0 < 10) { Local0++ If (Local0 & 1) { Continue } Local1 += Local0 } Return (Local1) }
    Method (M012) { If (0) { Return (1) } ElseIf (0) { Return (2) } Else { Return (3) } }
    Method (M013) { If (1) { Local0 = 8 } Else { Local0 = 9 } Return (Local0) }
    Method (M014) { Return (FACT (10)) }
    Method (FACT, 1, Serialized) { If (Arg0 < 2) { Return (1) } Return (Arg0 * FACT (Arg0 - 1)) }
    Method (M015) { NUMB = 6 Return (ALIA) }
    Method (M016) { Return (SizeOf (TEXT) * 100 + SizeOf (BUFF) * 10 + SizeOf (PACK)) }
    Method (M017) { Return (DerefOf (Index (DerefOf (Index (PACK, 2)), 1))) }
    Method (M018) { Local0 = BUFF Local0[2] = 0x55 Return (DerefOf (Local0[2]) * 256 + DerefOf (BUFF[2])) }
    Method (M019) { BUFF[0] = 0xAA Return (DerefOf (BUFF[0])) }
    Method (M020) { Local0 = RefOf (NUMB) Return (DerefOf (Local0)) }
    Method (SETR, 1) { Arg0 = 1234 }
    Method (M021) { Local0 = 1 SETR (RefOf (Local0)) Return (Local0) }
    Method (M022) { Local0 = 1 SETR (Local0) Return (Local0) }
    Method (M023) { Return (CondRefOf (\NOPE, Local0)) }
    Method (M024) { If (CondRefOf (NUMB, Local0)) { Return (DerefOf (Local0)) } Return (0) }
    Method (M025) { Return (ToInteger ("0x1F") + ToInteger ("10")) }
    Method (M026) { If (Concatenate ("ab", "cd") == "abcd") { Return (1) } Return (0) }
    Method (M027) { If (Concatenate (Buffer () { 1 }, Buffer () { 2, 3 }) == Buffer () { 1, 2, 3 }) { Return (1) } Return (0) }
    Method (M028) { If (Mid ("abcdef", 2, 3) == "cde") { Return (1) } Return (0) }
    Method (M029) { If (ToHexString (Buffer () { 0x0A, 0xFF }) == "0x0A,0xFF") { Return (1) } Return (0) }
    Method (M030) { If (ToDecimalString (12345) == "12345") { Return (1) } Return (0) }
    Method (M031) { If (ToString (Buffer () { 0x61, 0x62, 0, 0x63 }) == "ab") { Return (1) } Return (0) }
    Method (M032) { Local0 = Buffer (8) { } CreateWordField (Local0, 2, WRDF) WRDF = 0x1234 Return (DerefOf (Local0[2]) * 256 + DerefOf (Local0[3])) }
    Method (M033) { Local0 = Buffer (4) { 0xFF, 0xFF } CreateBitField (Local0, 3, BITF) BITF = 0 Return (DerefOf (Local0[0])) }
    Method (M034) { Local0 = Buffer (4) { 0x34, 0x12 } CreateField (Local0, 4, 8, NIBB) Return (NIBB) }
    Method (M035) { Local0 = Buffer (8) { } CreateQWordField (Local0, 0, QWRD) QWRD = 0x1122334455667788 Return (QWRD) }
    Method (M036) { MA32 = 0xCAFEBABE Return (MA32) }
    Method (M037) { MA32 = 0 MB04 = 5 MB20 = 0xABCDE MB08 = 0x77 Return ((MB04 << 32) | (MB20 << 8) | MB08) }
    Method (M038) { MW48 = 0x112233445566 Return (MW48) }
    Method (M039) { MLNG = Buffer (12) { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12 } Local0 = MLNG Return (DerefOf (Local0[11]) + SizeOf (Local0)) }
    Method (M040) { ONE4 = 0 ZER4 = 5 Return (ONE4 + ZER4) }
    Method (M041) { BNKD = 0x42 Return ((BANK << 8) | BNKD) }
    Method (M042) { IXD7 = 0x24 Return ((IDXR << 8) | DATR) }
    Method (M043) { Acquire (MLCK, 0xFFFF) Release (MLCK) Return (1) }
    Method (M044) { Return (\DEV0.SELF ()) }
    Method (M045) { Name (TEMP, 3) TEMP += 4 Return (TEMP) }
    Method (M046) { Return (M045 () + M045 ()) }
    Method (M047) { Return (Match (Package () { 3, 8, 1, 9 }, MGE, 8, MTR, 0, 2)) }
    Method (M048) { Return (ObjectType (NUMB) * 1000000 + ObjectType (TEXT) * 10000 + ObjectType (DEV0) * 100 + ObjectType (M001)) }
    Method (M049) { CopyObject ("x", NUMB) Local0 = ObjectType (NUMB) CopyObject (5, NUMB) Return (Local0) }
    Method (M050) { TEXT = 0x12 Local0 = 0 If (TEXT == "0000000000000012") { Local0 = 1 } TEXT = "abc" Return (Local0) }
    Method (M051) { Local0 = ConcatenateResTemplate (ResourceTemplate () { IO (Decode16, 1, 1, 1, 1) }, ResourceTemplate () { IO (Decode16, 2, 2, 1, 1) }) Return (SizeOf (Local0)) }
    Method (M052) { Return (DerefOf (PACK[4])) }
    Method (M053) { Switch (3) { Case (1) { Return (10) } Case (3) { Return (30) } Default { Return (40) } } }
    Method (M054) { Notify (DEV0, 0x81) Local0 = RefOf (DEV0) Notify (Local0, 0x82) Return (0) }
    Method (M055) { Debug = "said" Return (Timer () > 0) }
    Method (M056) { If ("abc" < "abd" && !(5 > 6) && (2 != 3)) { Return (1) } Return (0) }
    Method (M057) { Local0 = Package (2) { 1, 2 } Local0[1] = "s" Return (SizeOf (DerefOf (Local0[1]))) }
    Method (M058, 7) { Return (Arg0 + Arg6) }
    Method (M059) { Local0 = Package (3) { } Return (SizeOf (Local0)) }
    Method (M060) { Return (0xFFFFFFFFFFFFFFFF % 10) }

    // What must fail, each with a sentence.
    Method (B001) { Return (1 / NUMZ) }
    Name (NUMZ, 0)
    Method (B002) { While (1) { } }
    Method (B003) { Return (B003 ()) }
    Method (B004) { Return (BUFF[100]) }
    Method (B005) { Local0 = PACK Local0[0] = Local0 Local1 = PACK While (1) { Local2 = Package (1) { } Local2[0] = Local1 Local1 = Local2 } }
    Method (B006) { Local0 = "" While (1) { Local0 = Concatenate (Local0, "0123456789") } }
    Method (ADDO, 1) { Return (Arg0 + 1) }
    Method (B007) { Return (ADDO (RefOf (DEV0))) }
    Method (B008) { Local0 = Buffer (2) { } CreateDWordField (Local0, 0, TOOF) Return (TOOF) }
    Name (NTWO, 2)
    OperationRegion (SMAL, SystemMemory, 0, NTWO)
    Field (SMAL, ByteAcc, NoLock, Preserve) { OUTF, 64 }
    Method (B009) { Return (OUTF) }
    Method (B010) { Fatal (1, 2, 3) }
    Method (B011) { If (NUMZ) { Local3 = 1 } Return (Local3) }
    Method (B012) { Local1 = 0x7FFFFFFF Local0 = Buffer (Local1) { } }
}
