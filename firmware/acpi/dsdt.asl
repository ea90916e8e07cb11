// The part of the namespace that every machine has. What depends on the number of slots is in the SSDT, which
// emu/board/acpi_tables.cpp makes from slots.asl. Port numbers are those of abi/ports.hpp, written out because iasl
// can't read it; tests/unit/emu/board compares them.
DefinitionBlock ("", "DSDT", 2, "PAEMU ", "PAEMUDSD", 1)
{
    // Sleep type 0 means S5 in the PM1 control register (abi::acpi::kSleepTypeS5).
    Name (\_S5, Package () { 0, 0, 0, 0 })

    External (\_SB.MHPC.MTFY, MethodObj)

    Scope (\_SB)
    {
        // The host bridge with all that is on PCI bus 0.
        Device (PCI0)
        {
            Name (_HID, EisaId ("PNP0A03"))
            Name (_UID, 0)
            Name (_CRS, ResourceTemplate ()
            {
                WordBusNumber (ResourceProducer, MinFixed, MaxFixed, PosDecode,
                    0x0000, 0x0000, 0x00FF, 0x0000, 0x0100)
                IO (Decode16, 0x0CF8, 0x0CF8, 0x01, 0x08)
                WordIO (ResourceProducer, MinFixed, MaxFixed, PosDecode, EntireRange,
                    0x0000, 0x0000, 0x0CF7, 0x0000, 0x0CF8)
                WordIO (ResourceProducer, MinFixed, MaxFixed, PosDecode, EntireRange,
                    0x0000, 0x0D00, 0xFFFF, 0x0000, 0xF300)
                DWordMemory (ResourceProducer, PosDecode, MinFixed, MaxFixed, Cacheable, ReadWrite,
                    0x00000000, 0x000A0000, 0x000BFFFF, 0x00000000, 0x00020000)
                DWordMemory (ResourceProducer, PosDecode, MinFixed, MaxFixed, NonCacheable, ReadWrite,
                    0x00000000, 0xC0000000, 0xFEBFFFFF, 0x00000000, 0x3EC00000)
            })

            // The PIIX3's interrupt routes.
            Device (ISA)
            {
                Name (_ADR, 0x00010000)
                OperationRegion (PIRQ, PCI_Config, 0x60, 0x04)
                Field (PIRQ, ByteAcc, NoLock, Preserve)
                {
                    PRQA, 8,
                    PRQB, 8,
                    PRQC, 8,
                    PRQD, 8
                }
            }

            // INTA to INTD of device d go to PIRQ (d + pin) mod 4, counted from INTA of device 1 on PIRQ A.
            Name (_PRT, Package ()
            {
                Package () { 0x0000FFFF, 0, LNKD, 0 }, Package () { 0x0000FFFF, 1, LNKA, 0 },
                Package () { 0x0000FFFF, 2, LNKB, 0 }, Package () { 0x0000FFFF, 3, LNKC, 0 },
                Package () { 0x0001FFFF, 0, LNKA, 0 }, Package () { 0x0001FFFF, 1, LNKB, 0 },
                Package () { 0x0001FFFF, 2, LNKC, 0 }, Package () { 0x0001FFFF, 3, LNKD, 0 },
                Package () { 0x0002FFFF, 0, LNKB, 0 }, Package () { 0x0002FFFF, 1, LNKC, 0 },
                Package () { 0x0002FFFF, 2, LNKD, 0 }, Package () { 0x0002FFFF, 3, LNKA, 0 },
                Package () { 0x0003FFFF, 0, LNKC, 0 }, Package () { 0x0003FFFF, 1, LNKD, 0 },
                Package () { 0x0003FFFF, 2, LNKA, 0 }, Package () { 0x0003FFFF, 3, LNKB, 0 },
                Package () { 0x0004FFFF, 0, LNKD, 0 }, Package () { 0x0004FFFF, 1, LNKA, 0 },
                Package () { 0x0004FFFF, 2, LNKB, 0 }, Package () { 0x0004FFFF, 3, LNKC, 0 },
                Package () { 0x0005FFFF, 0, LNKA, 0 }, Package () { 0x0005FFFF, 1, LNKB, 0 },
                Package () { 0x0005FFFF, 2, LNKC, 0 }, Package () { 0x0005FFFF, 3, LNKD, 0 },
                Package () { 0x0006FFFF, 0, LNKB, 0 }, Package () { 0x0006FFFF, 1, LNKC, 0 },
                Package () { 0x0006FFFF, 2, LNKD, 0 }, Package () { 0x0006FFFF, 3, LNKA, 0 },
                Package () { 0x0007FFFF, 0, LNKC, 0 }, Package () { 0x0007FFFF, 1, LNKD, 0 },
                Package () { 0x0007FFFF, 2, LNKA, 0 }, Package () { 0x0007FFFF, 3, LNKB, 0 },
                Package () { 0x0008FFFF, 0, LNKD, 0 }, Package () { 0x0008FFFF, 1, LNKA, 0 },
                Package () { 0x0008FFFF, 2, LNKB, 0 }, Package () { 0x0008FFFF, 3, LNKC, 0 },
                Package () { 0x0009FFFF, 0, LNKA, 0 }, Package () { 0x0009FFFF, 1, LNKB, 0 },
                Package () { 0x0009FFFF, 2, LNKC, 0 }, Package () { 0x0009FFFF, 3, LNKD, 0 },
                Package () { 0x000AFFFF, 0, LNKB, 0 }, Package () { 0x000AFFFF, 1, LNKC, 0 },
                Package () { 0x000AFFFF, 2, LNKD, 0 }, Package () { 0x000AFFFF, 3, LNKA, 0 },
                Package () { 0x000BFFFF, 0, LNKC, 0 }, Package () { 0x000BFFFF, 1, LNKD, 0 },
                Package () { 0x000BFFFF, 2, LNKA, 0 }, Package () { 0x000BFFFF, 3, LNKB, 0 },
                Package () { 0x000CFFFF, 0, LNKD, 0 }, Package () { 0x000CFFFF, 1, LNKA, 0 },
                Package () { 0x000CFFFF, 2, LNKB, 0 }, Package () { 0x000CFFFF, 3, LNKC, 0 },
                Package () { 0x000DFFFF, 0, LNKA, 0 }, Package () { 0x000DFFFF, 1, LNKB, 0 },
                Package () { 0x000DFFFF, 2, LNKC, 0 }, Package () { 0x000DFFFF, 3, LNKD, 0 },
                Package () { 0x000EFFFF, 0, LNKB, 0 }, Package () { 0x000EFFFF, 1, LNKC, 0 },
                Package () { 0x000EFFFF, 2, LNKD, 0 }, Package () { 0x000EFFFF, 3, LNKA, 0 },
                Package () { 0x000FFFFF, 0, LNKC, 0 }, Package () { 0x000FFFFF, 1, LNKD, 0 },
                Package () { 0x000FFFFF, 2, LNKA, 0 }, Package () { 0x000FFFFF, 3, LNKB, 0 },
                Package () { 0x0010FFFF, 0, LNKD, 0 }, Package () { 0x0010FFFF, 1, LNKA, 0 },
                Package () { 0x0010FFFF, 2, LNKB, 0 }, Package () { 0x0010FFFF, 3, LNKC, 0 },
                Package () { 0x0011FFFF, 0, LNKA, 0 }, Package () { 0x0011FFFF, 1, LNKB, 0 },
                Package () { 0x0011FFFF, 2, LNKC, 0 }, Package () { 0x0011FFFF, 3, LNKD, 0 },
                Package () { 0x0012FFFF, 0, LNKB, 0 }, Package () { 0x0012FFFF, 1, LNKC, 0 },
                Package () { 0x0012FFFF, 2, LNKD, 0 }, Package () { 0x0012FFFF, 3, LNKA, 0 },
                Package () { 0x0013FFFF, 0, LNKC, 0 }, Package () { 0x0013FFFF, 1, LNKD, 0 },
                Package () { 0x0013FFFF, 2, LNKA, 0 }, Package () { 0x0013FFFF, 3, LNKB, 0 },
                Package () { 0x0014FFFF, 0, LNKD, 0 }, Package () { 0x0014FFFF, 1, LNKA, 0 },
                Package () { 0x0014FFFF, 2, LNKB, 0 }, Package () { 0x0014FFFF, 3, LNKC, 0 },
                Package () { 0x0015FFFF, 0, LNKA, 0 }, Package () { 0x0015FFFF, 1, LNKB, 0 },
                Package () { 0x0015FFFF, 2, LNKC, 0 }, Package () { 0x0015FFFF, 3, LNKD, 0 },
                Package () { 0x0016FFFF, 0, LNKB, 0 }, Package () { 0x0016FFFF, 1, LNKC, 0 },
                Package () { 0x0016FFFF, 2, LNKD, 0 }, Package () { 0x0016FFFF, 3, LNKA, 0 },
                Package () { 0x0017FFFF, 0, LNKC, 0 }, Package () { 0x0017FFFF, 1, LNKD, 0 },
                Package () { 0x0017FFFF, 2, LNKA, 0 }, Package () { 0x0017FFFF, 3, LNKB, 0 },
                Package () { 0x0018FFFF, 0, LNKD, 0 }, Package () { 0x0018FFFF, 1, LNKA, 0 },
                Package () { 0x0018FFFF, 2, LNKB, 0 }, Package () { 0x0018FFFF, 3, LNKC, 0 },
                Package () { 0x0019FFFF, 0, LNKA, 0 }, Package () { 0x0019FFFF, 1, LNKB, 0 },
                Package () { 0x0019FFFF, 2, LNKC, 0 }, Package () { 0x0019FFFF, 3, LNKD, 0 },
                Package () { 0x001AFFFF, 0, LNKB, 0 }, Package () { 0x001AFFFF, 1, LNKC, 0 },
                Package () { 0x001AFFFF, 2, LNKD, 0 }, Package () { 0x001AFFFF, 3, LNKA, 0 },
                Package () { 0x001BFFFF, 0, LNKC, 0 }, Package () { 0x001BFFFF, 1, LNKD, 0 },
                Package () { 0x001BFFFF, 2, LNKA, 0 }, Package () { 0x001BFFFF, 3, LNKB, 0 },
                Package () { 0x001CFFFF, 0, LNKD, 0 }, Package () { 0x001CFFFF, 1, LNKA, 0 },
                Package () { 0x001CFFFF, 2, LNKB, 0 }, Package () { 0x001CFFFF, 3, LNKC, 0 },
                Package () { 0x001DFFFF, 0, LNKA, 0 }, Package () { 0x001DFFFF, 1, LNKB, 0 },
                Package () { 0x001DFFFF, 2, LNKC, 0 }, Package () { 0x001DFFFF, 3, LNKD, 0 },
                Package () { 0x001EFFFF, 0, LNKB, 0 }, Package () { 0x001EFFFF, 1, LNKC, 0 },
                Package () { 0x001EFFFF, 2, LNKD, 0 }, Package () { 0x001EFFFF, 3, LNKA, 0 },
                Package () { 0x001FFFFF, 0, LNKC, 0 }, Package () { 0x001FFFFF, 1, LNKD, 0 },
                Package () { 0x001FFFFF, 2, LNKA, 0 }, Package () { 0x001FFFFF, 3, LNKB, 0 }
            })
        }

        // Of a route register: is it in use; and the request that it names.
        Method (LSTA, 1, NotSerialized)
        {
            If (And (Arg0, 0x80)) { Return (0x09) }
            Return (0x0B)
        }
        Method (LCRS, 1, Serialized)
        {
            Name (ROUT, ResourceTemplate () { Interrupt (, Level, ActiveHigh, Shared) { 0 } })
            CreateDWordField (ROUT, 0x05, IRQN)
            If (LNot (And (Arg0, 0x80))) { Store (Arg0, IRQN) }
            Return (ROUT)
        }

        Device (LNKA)
        {
            Name (_HID, EisaId ("PNP0C0F"))
            Name (_UID, 1)
            Name (_PRS, ResourceTemplate () { Interrupt (, Level, ActiveHigh, Shared) { 5, 10, 11 } })
            Method (_STA, 0, NotSerialized) { Return (LSTA (\_SB.PCI0.ISA.PRQA)) }
            Method (_DIS, 0, NotSerialized) { Or (\_SB.PCI0.ISA.PRQA, 0x80, \_SB.PCI0.ISA.PRQA) }
            Method (_CRS, 0, NotSerialized) { Return (LCRS (\_SB.PCI0.ISA.PRQA)) }
            Method (_SRS, 1, NotSerialized)
            {
                CreateDWordField (Arg0, 0x05, IRQN)
                Store (IRQN, \_SB.PCI0.ISA.PRQA)
            }
        }

        Device (LNKB)
        {
            Name (_HID, EisaId ("PNP0C0F"))
            Name (_UID, 2)
            Name (_PRS, ResourceTemplate () { Interrupt (, Level, ActiveHigh, Shared) { 5, 10, 11 } })
            Method (_STA, 0, NotSerialized) { Return (LSTA (\_SB.PCI0.ISA.PRQB)) }
            Method (_DIS, 0, NotSerialized) { Or (\_SB.PCI0.ISA.PRQB, 0x80, \_SB.PCI0.ISA.PRQB) }
            Method (_CRS, 0, NotSerialized) { Return (LCRS (\_SB.PCI0.ISA.PRQB)) }
            Method (_SRS, 1, NotSerialized)
            {
                CreateDWordField (Arg0, 0x05, IRQN)
                Store (IRQN, \_SB.PCI0.ISA.PRQB)
            }
        }

        Device (LNKC)
        {
            Name (_HID, EisaId ("PNP0C0F"))
            Name (_UID, 3)
            Name (_PRS, ResourceTemplate () { Interrupt (, Level, ActiveHigh, Shared) { 5, 10, 11 } })
            Method (_STA, 0, NotSerialized) { Return (LSTA (\_SB.PCI0.ISA.PRQC)) }
            Method (_DIS, 0, NotSerialized) { Or (\_SB.PCI0.ISA.PRQC, 0x80, \_SB.PCI0.ISA.PRQC) }
            Method (_CRS, 0, NotSerialized) { Return (LCRS (\_SB.PCI0.ISA.PRQC)) }
            Method (_SRS, 1, NotSerialized)
            {
                CreateDWordField (Arg0, 0x05, IRQN)
                Store (IRQN, \_SB.PCI0.ISA.PRQC)
            }
        }

        Device (LNKD)
        {
            Name (_HID, EisaId ("PNP0C0F"))
            Name (_UID, 4)
            Name (_PRS, ResourceTemplate () { Interrupt (, Level, ActiveHigh, Shared) { 5, 10, 11 } })
            Method (_STA, 0, NotSerialized) { Return (LSTA (\_SB.PCI0.ISA.PRQD)) }
            Method (_DIS, 0, NotSerialized) { Or (\_SB.PCI0.ISA.PRQD, 0x80, \_SB.PCI0.ISA.PRQD) }
            Method (_CRS, 0, NotSerialized) { Return (LCRS (\_SB.PCI0.ISA.PRQD)) }
            Method (_SRS, 1, NotSerialized)
            {
                CreateDWordField (Arg0, 0x05, IRQN)
                Store (IRQN, \_SB.PCI0.ISA.PRQD)
            }
        }

        // What no other device claims: A20, the PIC's edge/level control, the PM block, the SMBus, the GPE0 block. The
        // reset register lies among the host bridge's own ports.
        Device (SYSR)
        {
            Name (_HID, EisaId ("PNP0C02"))
            Name (_UID, 1)
            Name (_CRS, ResourceTemplate ()
            {
                IO (Decode16, 0x0092, 0x0092, 0x01, 0x01)
                IO (Decode16, 0x04D0, 0x04D0, 0x01, 0x02)
                IO (Decode16, 0x0600, 0x0600, 0x01, 0x40)
                IO (Decode16, 0x0700, 0x0700, 0x01, 0x10)
                IO (Decode16, 0xAFE0, 0xAFE0, 0x01, 0x04)
            })
        }

        Device (PIC)
        {
            Name (_HID, EisaId ("PNP0000"))
            Name (_CRS, ResourceTemplate ()
            {
                IO (Decode16, 0x0020, 0x0020, 0x01, 0x02)
                IO (Decode16, 0x00A0, 0x00A0, 0x01, 0x02)
                IRQNoFlags () { 2 }
            })
        }

        Device (TIMR)
        {
            Name (_HID, EisaId ("PNP0100"))
            Name (_CRS, ResourceTemplate ()
            {
                IO (Decode16, 0x0040, 0x0040, 0x01, 0x04)
                IRQNoFlags () { 0 }
            })
        }

        Device (RTC)
        {
            Name (_HID, EisaId ("PNP0B00"))
            Name (_CRS, ResourceTemplate ()
            {
                IO (Decode16, 0x0070, 0x0070, 0x01, 0x02)
                IRQNoFlags () { 8 }
            })
        }

        Device (HPET)
        {
            Name (_HID, EisaId ("PNP0103"))
            Name (_CRS, ResourceTemplate ()
            {
                Memory32Fixed (ReadWrite, 0xFED00000, 0x00000400)
            })
        }

        Device (COM1)
        {
            Name (_HID, EisaId ("PNP0501"))
            Name (_UID, 1)
            Method (_STA, 0, NotSerialized) { Return (0x0F) }
            Name (_CRS, ResourceTemplate ()
            {
                IO (Decode16, 0x03F8, 0x03F8, 0x00, 0x08)
                IRQNoFlags () { 4 }
            })
        }

        Device (COM2)
        {
            Name (_HID, EisaId ("PNP0501"))
            Name (_UID, 2)
            Method (_STA, 0, NotSerialized) { Return (0x0F) }
            Name (_CRS, ResourceTemplate ()
            {
                IO (Decode16, 0x02F8, 0x02F8, 0x00, 0x08)
                IRQNoFlags () { 3 }
            })
        }

        // The 8042: both devices share its ports, which the keyboard claims.
        Device (KBD)
        {
            Name (_HID, EisaId ("PNP0303"))
            Name (_CRS, ResourceTemplate ()
            {
                IO (Decode16, 0x0060, 0x0060, 0x01, 0x01)
                IO (Decode16, 0x0064, 0x0064, 0x01, 0x01)
                IRQNoFlags () { 1 }
            })
        }
        Device (MOU)
        {
            Name (_HID, EisaId ("PNP0F13"))
            Name (_CRS, ResourceTemplate () { IRQNoFlags () { 12 } })
        }

        // The memory hotplug controller: one register block, a selector, all slots behind it
        // (abi/memory_hotplug.hpp; QEMU's docs/specs/acpi_mem_hotplug). Reads and writes see different registers,
        // hence two sets of fields over one region.
        Device (MHPC)
        {
            Name (_HID, EisaId ("PNP0A06"))
            Name (_UID, "Memory hotplug resources")
            Name (_CRS, ResourceTemplate ()
            {
                IO (Decode16, 0x0A00, 0x0A00, 0x00, 0x18)
            })

            OperationRegion (REGS, SystemIO, 0x0A00, 0x18)
            Field (REGS, DWordAcc, NoLock, Preserve)
            {
                RBSL, 32,   // base of the DIMM, low half
                RBSH, 32,   // high half
                RSZL, 32,   // size in bytes, low half
                RSZH, 32,   // high half
                RPXM, 32    // proximity domain
            }
            Field (REGS, ByteAcc, NoLock, WriteAsZeros)
            {
                Offset (0x14),
                ENAB, 1,    // read: a DIMM is there and powered
                INSE, 1,    // read: it was inserted; write one: seen
                RMVE, 1,    // read: its removal is asked for; write one: seen
                EJCT, 1     // write one: eject
            }
            Field (REGS, DWordAcc, NoLock, Preserve)
            {
                WSEL, 32,   // write: the slot that all other registers mean
                WEVT, 32,   // write: event of an _OST report
                WSTS, 32    // write: its status
            }

            Mutex (MLCK, 0)

            // _STA: present, enabled, shown, working; or nothing.
            Method (STAT, 1, Serialized)
            {
                Acquire (MLCK, 0xFFFF)
                Store (Arg0, WSEL)
                Store (Zero, Local0)
                If (ENAB) { Store (0x0F, Local0) }
                Release (MLCK)
                Return (Local0)
            }

            // _CRS: where the DIMM is, from the registers.
            Method (RSRC, 1, Serialized)
            {
                Name (TMPL, ResourceTemplate ()
                {
                    QWordMemory (ResourceProducer, PosDecode, MinFixed, MaxFixed, Cacheable, ReadWrite,
                        0x0000000000000000,
                        0x0000000000000000,
                        0xFFFFFFFFFFFFFFFE,
                        0x0000000000000000,
                        0xFFFFFFFFFFFFFFFF,
                        ,, MEM, AddressRangeMemory, TypeStatic)
                })
                CreateQWordField (TMPL, MEM._MIN, FRST)
                CreateQWordField (TMPL, MEM._MAX, LAST)
                CreateQWordField (TMPL, MEM._LEN, SIZE)

                Acquire (MLCK, 0xFFFF)
                Store (Arg0, WSEL)
                Or (ShiftLeft (RBSH, 32), RBSL, FRST)
                Or (ShiftLeft (RSZH, 32), RSZL, SIZE)
                Release (MLCK)
                Subtract (Add (FRST, SIZE), One, LAST)
                Return (TMPL)
            }

            // _PXM
            Method (PROX, 1, Serialized)
            {
                Acquire (MLCK, 0xFFFF)
                Store (Arg0, WSEL)
                Store (RPXM, Local0)
                Release (MLCK)
                Return (Local0)
            }

            // _OST: slot, source event, status.
            Method (OSTR, 3, Serialized)
            {
                Acquire (MLCK, 0xFFFF)
                Store (Arg0, WSEL)
                Store (Arg1, WEVT)
                Store (Arg2, WSTS)
                Release (MLCK)
            }

            // _EJ0
            Method (EJEC, 1, Serialized)
            {
                Acquire (MLCK, 0xFFFF)
                Store (Arg0, WSEL)
                Store (One, EJCT)
                Release (MLCK)
            }

            // Looks at slots 0 to Arg0 for news and passes it on to the slot's device.
            Method (SCAN, 1, Serialized)
            {
                Acquire (MLCK, 0xFFFF)
                Store (Zero, Local0)
                While (LLessEqual (Local0, Arg0))
                {
                    Store (Local0, WSEL)
                    If (INSE)
                    {
                        MTFY (Local0, 1)    // Device Check
                        Store (One, INSE)
                    }
                    ElseIf (RMVE)
                    {
                        MTFY (Local0, 3)    // Eject Request
                        Store (One, RMVE)
                    }
                    Increment (Local0)
                }
                Release (MLCK)
            }
        }
    }
}
